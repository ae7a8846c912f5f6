"""The looks with which a change of a route ends: what a browser would get, asked through the proxy itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import replace

from docker_agent.core.plan import Check, Probe, Step
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.domains.proxy.entry import entry_of, port_of
from docker_agent.domains.proxy.route import Route

WITHIN_S = 30.0
# A certificate that has to be fetched first takes its time.
ACME_S = 120.0


def url_of(route: Route) -> str:
    """What a browser would type; of a wildcard some name that it covers."""
    host = route.hosts[0].replace("*", "docker-agent-check", 1) if route.hosts else "localhost"
    return f"{'https' if route.tls else 'http'}://{host}{route.path or '/'}"


def answers(route: Route, proxy: Proxy, *, status: int, ca: str = "") -> tuple[Step, ...]:
    """The looks that a route answers through the proxy, and that its server is reached where a password hides it.

    Parameters
    ----------
    status: what the service itself answers; a password or a network that is kept out comes before that.
    ca: the PEM file that is trusted for it, "" for the system's.
    """
    if route.protocol == "tcp":
        return (Probe(url=f"tcp://{_tcp_address(route, proxy)}", why=f"{route.service} should be reached by TCP."),)
    url = url_of(route)
    wanted = 403 if _is_kept_out(route, proxy) else 401 if route.users else status
    args: dict[str, str | int | float | bool] = {
        "url": url,
        "via": entry_of(proxy, url),
        "status": wanted,
        "ca": ca,
        "timeout_s": ACME_S if route.tls and route.tls.resolver else WITHIN_S,
    }
    answer = Check(name="route-answers", args=args, why=f"{url} should answer {wanted} through {proxy.container.name}.")
    # Before a password the proxy answers by itself, whether it has a server to ask or not.
    return (answer, *_reached(route, proxy)) if route.port and wanted in {401, 403} and wanted != status else (answer,)


def _reached(route: Route, proxy: Proxy) -> Iterator[Step]:
    if proxy.container.network_mode != "host":
        why = f"{proxy.container.name} should reach {route.service} at port {route.port}."
        yield Probe(url=f"tcp://{route.service}:{route.port}", inside=proxy.container.name, why=why)


def closed(route: Route, proxy: Proxy, ca: str = "") -> tuple[Step, ...]:
    """The look that a route answers 503."""
    return answers(replace(route, users=(), allow=()), proxy, status=503, ca=ca)


def _is_kept_out(route: Route, proxy: Proxy) -> bool:
    """Whether this machine, which comes from the gateway of the proxy's network, is in none of the allowed ones."""
    places = [ipaddress.ip_address(place.ip) for place in proxy.container.networks if place.ip]
    networks = [ipaddress.ip_network(each) for each in route.allow]
    return bool(networks and places) and not any(place in network for place in places for network in networks)


def _tcp_address(route: Route, proxy: Proxy) -> str:
    named = proxy.state.entrypoints.get(route.entrypoint, f":{route.entrypoint or route.port}")
    port = port_of(named)
    published = [each for each in proxy.container.ports if each.container_port == port and each.host_port]
    if published:
        host = published[0].host_ip
        return f"{'127.0.0.1' if host in {'', '0.0.0.0', '::'} else host}:{published[0].host_port}"  # noqa: S104
    ip = next((place.ip for place in proxy.container.networks if place.ip), "127.0.0.1")
    return f"{ip}:{port}"
