"""What Caddy is told of a site and its routes, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.files.sites import RETRY_AFTER_S, Part, block, lines_of, mark
from docker_agent.domains.proxy.route import Route

INDENT = "\t"
BARE = re.compile(r"[\w./:*^~=$@,;()+?&%|-]+")
NEW_AUTH = (2, 8)
REFRESH_S = 5


def quoted(text: str) -> str:
    """A text as one argument, braces in it as they are.

    Raises
    ------
    InputError: a Caddyfile has no way to write it.
    """
    if BARE.fullmatch(text):
        return text
    if "{$" in text:
        raise InputError(
            "In a Caddyfile `{$` begins a variable of the environment, whatever stands before.", "Change it."
        )
    text = re.sub(r"[{}]", r"\\\g<0>", text)
    if "`" not in text:
        return f"`{text}`"
    if '\\"' in text or text.endswith("\\"):
        raise InputError("A Caddyfile cannot hold a text with backticks and a backslash before a quote.", "Change it.")
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def addresses(route: Route) -> list[list[str]]:
    """The addresses of each block: plain HTTP, HTTPS to which plain HTTP is sent, or both apart."""
    hosts = [host.lower() for host in route.hosts] or [""]
    plain, secure = ([f"{scheme}://{host}" for host in hosts] for scheme in ("http", "https"))
    if route.tls is None:
        return [plain]
    return [[host or "https://" for host in hosts]] if route.tls.redirect else [plain, secure]


def frame(route: Route) -> str:
    """The file of a site that is served as this route says, without any part."""
    lines: list[str] = []
    if route.tls and not route.tls.resolver:
        files = f"{quoted(route.tls.certificate)} {quoted(route.tls.key)}"
        lines = [f"tls {files if route.tls.certificate else 'internal'}"]
    heads = [", ".join(each) for each in addresses(route)]
    if len(heads) == 1:
        blocks = [block(heads[0], lines, INDENT)]
    else:
        # With `tls` in it, one block cannot be for both.
        snippet = f"routes-of-{route.hosts[0].lower() if route.hosts else 'any-host'}"
        within: tuple[list[str], list[str]] = ([], lines)
        blocks = [block(f"({snippet})", [], INDENT)]
        blocks += [block(head, [*more, f"import {snippet}"], INDENT) for head, more in zip(heads, within, strict=True)]
    return mark(route.hosts) + "".join(f"\n{lines_of(each)}" for each in blocks)


def part(route: Route, version: tuple[int, ...]) -> Part:
    """What answers the requests of a route."""
    return Part(route.name, lines_of(block(_handle(route), _handled(route, version), INDENT), INDENT), INDENT)


def closed_part(route: Route, page: str) -> Part:
    """What answers the requests of a closed route."""
    lines = [
        "header Content-Type `text/html; charset=utf-8`",
        f"header Retry-After {RETRY_AFTER_S}",
        "header Cache-Control no-store",
        f"respond {quoted(page)} 503",
    ]
    return Part(route.name, lines_of(block(_handle(route), lines, INDENT), INDENT), INDENT)


def _handle(route: Route) -> str:
    path = route.path.rstrip("/")
    return f"handle {quoted(f'{path}*')}" if path else "handle"


def _handled(route: Route, version: tuple[int, ...]) -> Iterator[str]:
    yield from _admitted(route, version)
    if route.strip_path and route.path.rstrip("/"):
        yield f"uri strip_prefix {quoted(route.path.rstrip('/'))}"
    if route.body_bytes:
        yield from block("request_body", [f"max_size {route.body_bytes}"], INDENT)
    if route.compress:
        yield "encode zstd gzip"
    headers = [f"{name} {quoted(value)}" for name, value in route.headers.items()]
    if route.tls and route.tls.hsts_s:
        headers.append(f"Strict-Transport-Security max-age={route.tls.hsts_s}")
    if headers:
        # After the service's own headers, which would be added to these.
        yield from block("header", [*headers, "defer"], INDENT)
    yield from _proxied(route)


def _admitted(route: Route, version: tuple[int, ...]) -> Iterator[str]:
    """Who is let in: networks first, so that nobody else is asked for a password."""
    outside = ["respond @outside 403"] if route.allow else []
    users = (line.replace(":", " ", 1) for line in route.users)
    password = block("basicauth" if () < version < NEW_AUTH else "basic_auth", users, INDENT) if route.users else []
    if route.allow:
        yield f"@outside not remote_ip {' '.join(route.allow)}"
    # By itself Caddy asks for a password before it responds, whatever stands first; in a route it goes by the order.
    yield from block("route", [*outside, *password], INDENT) if outside and password else [*outside, *password]


def _proxied(route: Route) -> Iterator[str]:
    options: list[str] = []
    if route.sticky:
        # A plain name is one server to Caddy, whatever number of containers it leads to.
        options += block(f"dynamic a {route.service} {route.port}", [f"refresh {REFRESH_S}s"], INDENT)
        options.append(f"lb_policy cookie {route.sticky}")
    if route.health and not route.sticky:
        health = route.health
        options += [f"health_uri {quoted(health.path)}", f"health_interval {health.interval_s}s"]
        options.append(f"health_timeout {health.timeout_s}s")
    if route.timeout_s:
        options += block("transport http", [f"response_header_timeout {route.timeout_s}s"], INDENT)
    head = "reverse_proxy" if route.sticky else f"reverse_proxy {route.service}:{route.port}"
    yield from block(head, options, INDENT) if options else [head]
