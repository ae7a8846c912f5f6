"""Find the reverse proxies among containers and read their state; nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from docker_agent.core.errors import AgentError
from docker_agent.domains.proxy.reading import caddy, nginx, traefik
from docker_agent.domains.proxy.state import Kind, ProxyState
from docker_agent.host.host import Reads
from docker_agent.host.models import Container, LogLine

LOG_LINES = 500
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
KINDS: tuple[Kind, ...] = ("traefik", "caddy", "nginx")


def kind_of(container: Container) -> Kind | None:
    """Which proxy a container is by its image's name, or by the program that it runs."""
    image = container.image.rpartition("/")[2].partition("@")[0].partition(":")[0]
    words = [word.rpartition("/")[2] for word in (*container.entrypoint[:1], *container.command[:1])]
    for kind in KINDS:
        if re.search(rf"(?:^|[-_.]){kind}(?:$|[-_.\d])", image) or kind in words:
            return kind
    return None


def read_proxies(
    reads: Reads, containers: Sequence[Container], own: Collection[str] = (), *, timeout_s: float = 2.0
) -> tuple[ProxyState, ...]:
    """The state of every running proxy that has to do with the containers named in `own`.

    That is one of them, one that shares a network with them, or a Traefik that their labels speak to, wherever it runs:
    it is often a project of its own.

    Parameters
    ----------
    containers: all of the host.
    timeout_s: how long a proxy's API may take to answer, seconds.
    """
    mine = [each for each in containers if each.name in own]
    fitting = [each for each in containers if each.running and kind_of(each) and _serves(each, mine)]
    if not fitting:
        return ()
    with ThreadPoolExecutor(4) as pool:
        reading = [pool.submit(_read, reads, each, mine, timeout_s) for each in fitting]
        return tuple(each.result() for each in reading)


def _serves(proxy: Container, mine: Sequence[Container]) -> bool:
    if any(each.name == proxy.name for each in mine):
        return True
    networks = {place.network for place in proxy.networks}
    labelled = kind_of(proxy) == "traefik" and any(traefik.is_labelled(each) for each in mine)
    return labelled or any(place.network in networks for each in mine for place in each.networks)


def _read(reads: Reads, container: Container, mine: Sequence[Container], timeout_s: float) -> ProxyState:
    kind = kind_of(container) or "nginx"
    state = ProxyState(
        container=container.name,
        kind=kind,
        networks=tuple(place.network for place in container.networks),
        host_network=container.network_mode == "host",
        log=_log(reads, container),
    )
    if kind == "traefik":
        return traefik.read(reads, container, state, mine, timeout_s)
    if kind == "caddy":
        return caddy.read(reads, container, state, timeout_s)
    return nginx.read(reads, container, state)


def _log(reads: Reads, container: Container) -> tuple[LogLine, ...]:
    try:
        lines = reads.logs(container.name, tail=LOG_LINES)
    except AgentError:
        return ()
    return tuple(
        LogLine(number=line.number, time=line.time, stream=line.stream, text=COLOUR.sub("", line.text))
        for line in lines
    )
