"""What a container publishes beside what really listens inside it."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator

from docker_agent.core.finding import Evidence
from docker_agent.domains.diagnose.evidence import inspected
from docker_agent.domains.diagnose.snapshot import SETTLED_S, Snapshot
from docker_agent.host.models import Container, Listener, Port

PROXIED = ("traefik.http", "caddy")
HOST_NETWORK = "host"


def is_served(container: Container) -> bool:
    """Whether others reach a running container by a published port or through a proxy."""
    if container.status != "running" or container.network_mode == HOST_NETWORK:
        return False
    return any(port.host_port for port in container.ports) or any(
        label.startswith(PROXIED) for label in container.labels
    )


def is_asked(container: Container) -> bool:
    """Whether it matters what listens in a container: others reach it, or its last health check failed."""
    failed = bool(container.health_log) and container.health_log[-1].exit_code != 0
    own_network = container.status == "running" and container.network_mode != HOST_NETWORK
    return is_served(container) or (own_network and failed)


def unheard(snapshot: Snapshot) -> Iterator[tuple[Container, Port, tuple[Listener, ...]]]:
    """Published ports that nothing serves from outside, with what listens on that port at all (on loopback).

    Only of containers that had the time to open their ports: those with a verdict of their check, or that run for a
    while and are well. Ports of ranges, and those of UDP, may be opened for each call anew (FTP, RTP), and say nothing.
    """
    for container in snapshot.containers:
        heard = snapshot.listening.get(container.name)
        if heard is None or container.health == "starting" or (snapshot.broken(container) and not container.health):
            continue
        if container.health != "healthy" and snapshot.uptime(container) < SETTLED_S:
            continue
        published = {port.container_port: port for port in container.ports if port.host_port and port.protocol == "tcp"}
        for number, port in published.items():
            fitting = tuple(each for each in heard if (each.port, each.protocol) == (number, "tcp"))
            if not _is_in_range(number, published) and all(
                ipaddress.ip_address(each.ip).is_loopback for each in fitting
            ):
                yield container, port, fitting


def _is_in_range(number: int, published: Collection[int]) -> bool:
    """Whether a port is one of a run of ports, three or more."""
    return any(all(first + step in published for step in range(3)) for first in range(number - 2, number + 1))


def say_listeners(snapshot: Snapshot, container: Container) -> Evidence:
    """Evidence: what listens inside."""
    heard = snapshot.listening.get(container.name, ())
    said = ", ".join(f"{each.ip}:{each.port}/{each.protocol}" for each in heard) or "nothing"
    return inspected(snapshot, container, "/proc/net listening", said)
