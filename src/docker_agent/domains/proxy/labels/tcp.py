"""The labels of a route over TCP: by the name in the TLS greeting, or all that comes to an entry point."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.domains.proxy.route import Route

SUFFIXES = ("allow",)


def tcp_rule(route: Route) -> str:
    """Which connections a route takes; `*` is all of them."""
    return " || ".join(f"HostSNI(`{host}`)" for host in route.hosts) or "HostSNI(`*`)"


def tcp_labels(route: Route, entry: str, *, old: bool = False) -> Iterator[tuple[str, str]]:
    """The labels of a route; where names are asked for and no certificate is given, TLS is passed on as it comes."""
    head = f"traefik.tcp.routers.{route.name}"
    yield f"{head}.rule", tcp_rule(route)
    yield f"{head}.entrypoints", entry
    yield f"{head}.service", route.name
    if route.tls:
        yield f"{head}.tls", "true"
        if route.tls.resolver:
            yield f"{head}.tls.certresolver", route.tls.resolver
    elif route.hosts:
        yield f"{head}.tls.passthrough", "true"
    if route.priority:
        yield f"{head}.priority", str(route.priority)
    if route.allow:
        kind = "ipwhitelist" if old else "ipallowlist"
        yield f"{head}.middlewares", f"{route.name}-allow"
        yield f"traefik.tcp.middlewares.{route.name}-allow.{kind}.sourcerange", ",".join(route.allow)
    yield f"traefik.tcp.services.{route.name}.loadbalancer.server.port", str(route.port)
