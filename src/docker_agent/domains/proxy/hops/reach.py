"""Between the proxy and its servers: a network that both are on, and a port that takes connections."""

from __future__ import annotations

import re
from dataclasses import dataclass

from docker_agent.core.errors import AgentError
from docker_agent.core.finding import Evidence
from docker_agent.domains.proxy.hops.routing import left_out
from docker_agent.domains.proxy.hops.walk import Hop, Place, Walk, broken, is_address, ok, unknown
from docker_agent.host.models import Container

CONNECT_S = 2.0
EMBEDDED_DNS = "127.0.0.11"
SILENT = re.compile(r"timed? ?out|timeout|unreachable|no route", re.IGNORECASE)
UNKNOWN_NAME = re.compile(r"name not found|no name server|not known|resolution", re.IGNORECASE)


@dataclass(frozen=True)
class Met:
    """What was met at a server's address: nothing wrong, or why there is no connection, and how it was asked."""

    wrong: str
    way: str


def network(walk: Walk) -> Hop:
    """See that the proxy and every server share a network."""
    if not walk.places:
        return unknown("network", "No server of the proxy is known.")
    for place in walk.places:
        container = place.container
        if container is None:
            hop = _outside(walk, place)
        elif container.status != "running":
            walk.blamed = container
            return unknown("network", f"{container.name} does not run, so it is on no network.")
        else:
            hop = None if walk.state.host_network else _apart(walk, place, container)
        if hop is not None:
            return hop
    shared = {each.network for place in walk.places for each in (place.container.networks if place.container else ())}
    names = ", ".join(sorted(shared & set(walk.state.networks)))
    return ok(
        "network", f"{walk.name} and its servers share {names}." if names else "The servers are no containers here."
    )


def port(walk: Walk) -> Hop:
    """See that every server listens where the proxy connects."""
    if not walk.places:
        return unknown("port", "No server of the proxy is known.")
    seen: list[Evidence] = []
    for place in walk.places:
        if place.container is not None and place.container.status == "paused":
            walk.blamed = place.container
            return unknown("port", f"{place.container.name} is paused, so it takes no connection.")
        met = _met(walk, place)
        seen.append(walk.seen("network", f"tcp://{place.address} {met.way}", met.wrong or "open"))
        if not met.wrong:
            continue
        starting = place.container is not None and left_out(place.container)
        if starting and place.container is not None and not walk.ws.host.listening(place.container.name):
            walk.blamed = place.container
            return unknown("port", f"{place.container.name} listens nowhere yet.", seen[-1])
        if UNKNOWN_NAME.search(met.wrong):
            return _no_name(walk, place, seen[-1])
        return _silent(walk, place, seen[-1]) if SILENT.search(met.wrong) else _refused(walk, place, seen[-1])
    where = ", ".join(place.address for place in walk.places[:4])
    return ok("port", f"{where} takes connections.", *seen[:2])


def _outside(walk: Walk, place: Place) -> Hop | None:
    """A server that is no container here: a name has to be known to the proxy."""
    if not place.host:
        return broken(
            "network",
            "A server of the service has no address.",
            cause="Its container has no address on any network now.",
            fix="Start the container.",
            code=walk.code(traefik="tr-500-scheme"),
        )
    if is_address(place.host):
        return None
    met = _met(walk, place)
    if not UNKNOWN_NAME.search(met.wrong):
        return None
    return _no_name(walk, place, walk.seen("network", f"{place.host} {met.way}", met.wrong))


def _no_name(walk: Walk, place: Place, seen: Evidence) -> Hop:
    alike = [each.service for each in walk.everything if each.service and each.project == walk.proxy.project]
    return broken(
        "network",
        f"{walk.name} does not find the name {place.host}.",
        seen,
        code=walk.code(nginx="ngx-host-not-found", caddy="caddy-502-lookup"),
        cause="No container of this name or alias is on a network of the proxy.",
        fix=f"Correct the name (services here: {', '.join(sorted(set(alike))) or 'none'}), or share a network.",
    )


def _apart(walk: Walk, place: Place, other: Container) -> Hop | None:
    own = {each.network: each.ip for each in other.networks}
    shared = [name for name in own if name in walk.state.networks]
    here = next((name for name, ip in own.items() if ip == place.host), "")
    seen = (
        walk.inspected(other, "NetworkSettings.Networks", ", ".join(own) or "none"),
        walk.inspected(walk.proxy, "NetworkSettings.Networks", ", ".join(walk.state.networks) or "none"),
    )
    code = walk.code(traefik="tr-504-network", nginx="ngx-host-not-found", caddy="caddy-502-lookup")
    if not shared and other.network_mode != "host":
        return broken(
            "network",
            f"{walk.proxy.name} and {other.name} share no network.",
            *seen,
            code=code,
            cause=f"{other.name} is on {', '.join(own) or 'none'}, the proxy on {', '.join(walk.state.networks)}.",
            fix="Put both on one network.",
        )
    if here and here not in walk.state.networks:
        return broken(
            "network",
            f"{walk.name} goes to {place.host} on {here}, a network that it is not on.",
            *seen,
            code=code,
            cause=f"{other.name} is on several networks, and none that both are on is named.",
            fix=f"Set the label traefik.docker.network to {shared[0]}." if shared else "Share a network.",
        )
    return None


def _met(walk: Walk, place: Place) -> Met:
    """What is met at an address: from the proxy's own network where that can be looked at, else from this machine."""
    tried = {"refused": "connection refused", "silent": "timed out"}.get(place.server.tried, "")
    if place.server.tried:
        return Met(tried, "from this machine")
    target = f"tcp://{place.host}:{place.port}"
    if walk.ws.owns_container(walk.proxy):
        try:
            reach = walk.ws.host.probe_from(walk.proxy.name, target, timeout_s=CONNECT_S)
            if reach.failure not in {"not asked", "broken"}:
                return Met(f"{reach.failure}{f': {reach.detail}' if reach.detail else ''}", f"from {walk.proxy.name}")
        except AgentError:
            pass
    answer = walk.ws.host.probe(target, timeout_s=CONNECT_S)
    return Met(answer.error, "from this machine")


def _refused(walk: Walk, place: Place, seen: Evidence) -> Hop:
    opened, local = set(place.server.open_ports), set(place.server.local_ports)
    name = place.container.name if place.container else place.address
    if not opened | local and place.container is not None:
        opened, local = _listening(walk, place.container)
    heard = walk.seen("network", f"{name} listening", _ports(opened, local))
    if place.port in local:
        said, cause = f"{name} listens on 127.0.0.1:{place.port} only.", "Nobody outside the container gets there."
        fix = "Let the application listen on 0.0.0.0."
    elif opened:
        ports = ", ".join(map(str, sorted(opened)))
        said = f"{name} listens on {ports}, and {walk.name} sends to {place.port}."
        cause, fix = "The port in the proxy's configuration is wrong.", f"Send to {ports.partition(',')[0]}."
    else:
        said, cause = f"Nothing listens at {place.address}.", "The application is not up, or not on this port."
        fix = "See its log, and on which port it means to listen."
    code = walk.code(traefik="tr-502-refused", nginx="ngx-502", caddy="caddy-502-refused")
    return broken("port", said, seen, heard, code=code, cause=cause, fix=fix)


def _silent(walk: Walk, place: Place, seen: Evidence) -> Hop:
    return broken(
        "port",
        f"{place.address} takes no connection, and does not refuse one.",
        seen,
        code=walk.code(traefik="tr-hang"),
        cause="The address is of another network or out of date, a firewall drops it, or the application hangs.",
        fix="Compare the address with the container's own, and make the proxy read its configuration again.",
    )


def _listening(walk: Walk, each: Container) -> tuple[set[int], set[int]]:
    """The ports that a container listens on for others, and for itself alone."""
    try:
        found = [one for one in walk.ws.host.listening(each.name) if one.protocol == "tcp" and one.ip != EMBEDDED_DNS]
    except AgentError:
        return set(), set()
    opened = {one.port for one in found if not one.ip.startswith(("127.", "::1"))}
    return opened, {one.port for one in found} - opened


def _ports(opened: set[int], local: set[int]) -> str:
    words = [*map(str, sorted(opened)), *(f"127.0.0.1:{each}" for each in sorted(local))]
    return ", ".join(words) or "nothing"
