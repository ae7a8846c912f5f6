"""The labels of a route over HTTP: routers, the middlewares in their order, and the service with its servers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from docker_agent.domains.proxy.labels.entrypoints import EntryPoints
from docker_agent.domains.proxy.route import Route

# In the order in which requests pass them.
SUFFIXES = ("redirect", "allow", "rate", "auth", "headers", "body", "compress", "strip")
PLAIN = "-http"


def rule(route: Route, *, old: bool = False) -> str:
    """Which requests a route takes, as Traefik 3 writes it, or Traefik 2 where `old`; `||` is known to both."""
    hosts = " || ".join(_host(each, old=old) for each in route.hosts)
    if not route.path:
        return hosts or "PathPrefix(`/`)"
    prefix = f"PathPrefix(`{route.path}`)"
    if not hosts:
        return prefix
    return f"({hosts}) && {prefix}" if len(route.hosts) > 1 else f"{hosts} && {prefix}"


def http_labels(
    route: Route, points: EntryPoints, *, old: bool = False, transport: str = ""
) -> Iterator[tuple[str, str]]:
    """The labels of a route, in the order in which they are written.

    Parameters
    ----------
    old: for Traefik 2.
    transport: the serversTransport of a file by its full name, "" for none.
    """
    steps = middlewares(route, old=old)
    entry = route.entrypoint or (points.secure if route.tls else points.plain)
    yield from _router(route, route.name, entry, [f"{route.name}-{each}" for each in steps], old=old)
    if route.tls:
        yield f"traefik.http.routers.{route.name}.tls", "true"
        if route.tls.resolver:
            yield f"traefik.http.routers.{route.name}.tls.certresolver", route.tls.resolver
            # Traefik takes the names for a certificate from Host(), which a wildcard is not.
            for number, host in enumerate(each for each in route.hosts if "*" in each):
                yield f"traefik.http.routers.{route.name}.tls.domains[{number}].main", host
    if redirects(route, points):
        name = f"{route.name}-redirect"
        yield from _router(route, f"{route.name}{PLAIN}", points.plain, [name], old=old)
        yield f"traefik.http.middlewares.{name}.redirectscheme.scheme", "https"
        yield f"traefik.http.middlewares.{name}.redirectscheme.permanent", "true"
        if points.https_port:
            yield f"traefik.http.middlewares.{name}.redirectscheme.port", str(points.https_port)
    for suffix, options in steps.items():
        for option, value in options.items():
            yield f"traefik.http.middlewares.{route.name}-{suffix}.{option}", value
    for option, value in _balancer(route, transport).items():
        yield f"traefik.http.services.{route.name}.loadbalancer.{option}", value


def redirects(route: Route, points: EntryPoints) -> bool:
    """Whether a route needs a router of its own that sends plain HTTP to HTTPS."""
    return bool(route.tls and route.tls.redirect and points.plain and not points.redirects and not route.entrypoint)


def middlewares(route: Route, *, old: bool = False) -> dict[str, dict[str, str]]:
    """The options of each middleware by the end of its name, in the order in which requests pass them."""
    headers = {f"headers.customresponseheaders.{name}": value for name, value in route.headers.items()}
    if route.tls and route.tls.hsts_s:
        headers["headers.stsseconds"] = str(route.tls.hsts_s)
    rate = {"ratelimit.average": str(route.rate), "ratelimit.burst": str(route.burst or route.rate)}
    steps = {
        "allow": {f"{'ipwhitelist' if old else 'ipallowlist'}.sourcerange": ",".join(route.allow)}
        if route.allow
        else {},
        "rate": rate if route.rate else {},
        "auth": {"basicauth.users": ",".join(route.users)} if route.users else {},
        "headers": headers,
        "body": {"buffering.maxrequestbodybytes": str(route.body_bytes)} if route.body_bytes else {},
        "compress": {"compress": "true"} if route.compress else {},
        "strip": {"stripprefix.prefixes": route.path} if route.strip_path and route.path else {},
    }
    return {suffix: options for suffix, options in steps.items() if options}


def _router(route: Route, name: str, entry: str, steps: list[str], *, old: bool) -> Iterator[tuple[str, str]]:
    head = f"traefik.http.routers.{name}"
    yield f"{head}.rule", rule(route, old=old)
    yield f"{head}.entrypoints", entry
    yield f"{head}.service", route.name
    if steps:
        yield f"{head}.middlewares", ",".join(steps)
    if route.priority:
        yield f"{head}.priority", str(route.priority)


def _balancer(route: Route, transport: str) -> Mapping[str, str]:
    options = {"server.port": str(route.port)}
    if route.sticky:
        options |= {"sticky.cookie": "true", "sticky.cookie.name": route.sticky, "sticky.cookie.httponly": "true"}
        options |= {"sticky.cookie.secure": "true"} if route.tls else {}
    if route.health:
        options |= {
            "healthcheck.path": route.health.path,
            "healthcheck.interval": f"{route.health.interval_s}s",
            "healthcheck.timeout": f"{route.health.timeout_s}s",
        }
    return options | ({"serverstransport": transport} if transport else {})


def _host(host: str, *, old: bool) -> str:
    if not host.startswith("*."):
        return f"Host(`{host}`)"
    if old:
        return f"HostRegexp(`{{any:[^.]+}}{host[1:]}`)"
    return f"HostRegexp(`^[^.]+{re.escape(host[1:])}$`)"
