"""What Nginx is told of a site and its routes, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.domains.proxy.files.sites import RETRY_AFTER_S, Part, block, lines_of, mark
from docker_agent.domains.proxy.route import Route

INDENT = "    "
BARE = re.compile(r"[\w./:*^~=-]+")
HTTP2_DIRECTIVE = (1, 25, 1)
RESOLVES = (1, 27, 3)
REJECTS = (1, 19, 4)
OTHER_HOSTS = "# Written by docker-agent: what is asked for no site's name."
DOCKER_DNS = "127.0.0.11"
COMPRESSED = "text/css text/plain text/xml application/javascript application/json application/xml image/svg+xml"
FORWARDED = (
    ("Host", "$host"),
    ("X-Real-IP", "$remote_addr"),
    ("X-Forwarded-For", "$proxy_add_x_forwarded_for"),
    ("X-Forwarded-Proto", "$scheme"),
    ("X-Forwarded-Host", "$http_host"),
)

Version = tuple[int, ...]


def quoted(text: str) -> str:
    """A text as one argument; a dollar in it is still a variable."""
    if BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def literal(text: str, route: Route) -> str:
    """A text as one argument in which a dollar is one: Nginx has no escape for it, only a variable that holds it."""
    return quoted(text.replace("$", f"${{{variable(route, 'dollar')}}}"))


def variable(route: Route, what: str) -> str:
    """The name of a variable of a route."""
    return f"{re.sub(r'[^A-Za-z0-9]', '_', route.name)}_{what}"


def location_of(route: Route) -> str:
    """Which paths a route is for."""
    return quoted(route.path.rstrip("/") or "/")


def http_part(route: Route, version: Version) -> Part:
    """What a route needs beside its site: its servers, and what is counted or looked up for it."""
    lines = block(f"upstream {route.name}", _upstream(route, version), INDENT)
    upgrade = ["default upgrade;", '"" "";']
    lines += block(f"map $http_upgrade ${variable(route, 'connection')}", upgrade, INDENT)
    if route.sticky:
        known = ['"" $request_id;', f"default $cookie_{route.sticky};"]
        lines += block(f"map $cookie_{route.sticky} ${variable(route, 'client')}", known, INDENT)
    if route.rate:
        lines.append(f"limit_req_zone $binary_remote_addr zone={route.name}-rate:10m rate={route.rate}r/s;")
    if any("$" in value for value in route.headers.values()):
        lines += _dollar(route)
    return Part(route.name, lines_of(lines))


def server_part(route: Route, inside: str) -> Part:
    """The location of a route; `inside` is the folder of the files as Nginx sees it."""
    lines = block(f"location {location_of(route)}", _location(route, inside), INDENT)
    return Part(route.name, lines_of(lines, INDENT), INDENT)


def closing(route: Route) -> list[str]:
    """What stands first in a location that is closed."""
    return [f"error_page 503 @{route.name};", "return 503;"]


def closed(part: Part, route: Route) -> Part:
    """A location, closed before it does anything else."""
    head, _, rest = part.body.partition("\n")
    mark = Part(route.name, lines_of(closing(route), INDENT * 2), INDENT * 2).text.removeprefix("\n")
    return Part(part.name, f"{head}\n{mark}{rest}", part.indent)


def closed_parts(route: Route, page: str, *, own: bool) -> list[Part]:
    """Where requests to a closed route end up, and what the page needs; `own` for a location that nobody else has."""
    answer = [
        'default_type "text/html; charset=utf-8";',
        f"add_header Retry-After {RETRY_AFTER_S} always;",
        "add_header Cache-Control no-store always;",
        f"return 503 {literal(page, route)};",
    ]
    lines = block(f"location @{route.name}", answer, INDENT)
    if own:
        lines += block(f"location {location_of(route)}", closing(route), INDENT)
    parts = [Part(route.name, lines_of(lines, INDENT), INDENT)]
    return [Part(route.name, lines_of(_dollar(route))), *parts] if "$" in page else parts


def frame(route: Route, version: Version) -> str:
    """The file of a site that is served as this route says, without any part."""
    return mark(route.hosts) + "\n" + "\n".join(_servers(route, version))


def other_hosts(version: Version) -> str:
    """The file that answers for names which no site has; without it, Nginx takes the first site for them."""
    lines = ["listen 80 default_server;", "return 404;"]
    if not () < version < REJECTS:
        lines[1:1] = ["listen 443 ssl default_server;", "ssl_reject_handshake on;"]
    return f"{OTHER_HOSTS}\n\n{lines_of(block('server', lines, INDENT))}"


def _upstream(route: Route, version: Version) -> Iterator[str]:
    resolves = version >= RESOLVES
    yield f"zone {route.name} 64k;"
    if resolves:
        yield f"resolver {DOCKER_DNS} valid=5s;"
    if route.sticky:
        # Not `consistent`, which goes by names and so takes all containers of a service for one.
        yield f"hash ${variable(route, 'client')};"
    options = [" resolve"] if resolves else []
    if route.health:
        options.append(f" max_fails=3 fail_timeout={route.health.interval_s}s")
    yield f"server {route.service}:{route.port}{''.join(options)};"
    yield "keepalive 32;"


def _dollar(route: Route) -> list[str]:
    return block(f"geo ${variable(route, 'dollar')}", ['default "$";'], INDENT)


def _location(route: Route, inside: str) -> Iterator[str]:
    if route.users:
        yield f"auth_basic {quoted(route.name)};"
        yield f"auth_basic_user_file {quoted(f'{inside}/{route.name}.htpasswd')};"
    yield from (f"allow {network};" for network in route.allow)
    if route.allow:
        yield "deny all;"
    if route.rate:
        yield f"limit_req zone={route.name}-rate burst={route.burst or route.rate} nodelay;"
        yield "limit_req_status 429;"
    if route.body_bytes:
        yield f"client_max_body_size {route.body_bytes};"
    if route.compress:
        yield from ("gzip on;", "gzip_proxied any;", "gzip_vary on;", f"gzip_types {COMPRESSED};")
    yield from _headers(route)
    path = route.path.rstrip("/")
    if route.strip_path and path:
        # A slash behind proxy_pass would do it too, but send /api to /api/ first.
        yield f"rewrite {quoted(f'^{re.escape(path)}(?:/(.*))?$')} /$1 break;"
    yield f"proxy_pass http://{route.name};"
    yield "proxy_http_version 1.1;"
    yield from (f"proxy_set_header {name} {value};" for name, value in FORWARDED)
    yield "proxy_set_header Upgrade $http_upgrade;"
    yield f"proxy_set_header Connection ${variable(route, 'connection')};"
    if route.timeout_s:
        yield f"proxy_read_timeout {route.timeout_s}s;"
        yield f"proxy_send_timeout {route.timeout_s}s;"


def _headers(route: Route) -> Iterator[str]:
    for name, value in route.headers.items():
        yield f"proxy_hide_header {quoted(name)};"
        yield f"add_header {quoted(name)} {literal(value, route)} always;"
    if route.tls and route.tls.hsts_s:
        yield f"add_header Strict-Transport-Security max-age={route.tls.hsts_s} always;"
    if route.sticky:
        secure = "; Secure" if route.tls else ""
        cookie = f"{route.sticky}=${variable(route, 'client')}; Path=/; HttpOnly{secure}"
        yield f'add_header Set-Cookie "{cookie}" always;'


def _servers(route: Route, version: Version) -> Iterator[str]:
    names = " ".join(quoted(host.lower()) for host in route.hosts) or "_"
    default = "" if route.hosts else " default_server"
    plain, name = f"listen 80{default};", f"server_name {names};"
    if route.tls is None:
        yield lines_of(block("server", [plain, name], INDENT))
        return
    directive = version >= HTTP2_DIRECTIVE
    secure = [f"listen 443 ssl{'' if directive else ' http2'}{default};", *(["http2 on;"] if directive else [])]
    lines = [*secure, name] if route.tls.redirect else [plain, *secure, name]
    lines += [
        f"ssl_certificate {quoted(route.tls.certificate)};",
        f"ssl_certificate_key {quoted(route.tls.key)};",
        "ssl_protocols TLSv1.2 TLSv1.3;",
    ]
    yield lines_of(block("server", lines, INDENT))
    if route.tls.redirect:
        away = block("location /", ["return 301 https://$host$request_uri;"], INDENT)
        yield lines_of(block("server", [plain, name, *away], INDENT))
