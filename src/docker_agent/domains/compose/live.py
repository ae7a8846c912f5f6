"""What the engine holds that a stack could meet: ports that are taken, networks and volumes that are there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.pattern import lazy
from docker_agent.host.host import Reads
from docker_agent.host.models import Container
from docker_agent.project.engine_state import EngineState, TakenPort
from docker_agent.project.stack import Stack

LISTENING = "0A"

# The kernel's own tables, where the engine runs on this machine.
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

_ROW = lazy(r"^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) ", re.MULTILINE)


def engine_state(reads: Reads, stack: Stack) -> EngineState:
    """Ask the engine what it holds beside this stack.

    Ports of the stack's own services are left out, since `up` replaces their containers; what programs of the host
    listen on is read only where the engine is on this machine.

    Raises
    ------
    AgentError: no engine answers.
    """
    containers = [container for container in reads.containers() if container.running]
    published = {port.host_port for container in containers for port in container.ports if port.host_port}
    endpoint = reads.engine().endpoint
    held = [taken for container in containers if not _is_own(container, stack) for taken in _held(container)]
    programs = _programs(reads, published) if not endpoint or endpoint.startswith("unix:") else ()
    return EngineState(
        ports=(*held, *programs),
        networks=frozenset(network.name for network in reads.networks()),
        volumes=frozenset(volume.name for volume in reads.volumes()),
    )


def _is_own(container: Container, stack: Stack) -> bool:
    return container.project == stack.name and container.service in stack.model.services


def _held(container: Container) -> Iterator[TakenPort]:
    project = f" of the project {container.project}" if container.project else ""
    for port in container.ports:
        if port.host_port:
            yield TakenPort(port.host_port, port.protocol, port.host_ip, f"the container {container.name}{project}")


def _programs(reads: Reads, published: set[int]) -> Iterator[TakenPort]:
    for table in TABLES:
        try:
            rows = _ROW.findall(reads.read_file(table).decode(errors="replace"))
        except InputError:
            continue
        for address, port, state in rows:
            if state == LISTENING and int(port, 16) not in published:
                yield TakenPort(int(port, 16), "tcp", _address(address), "a program of the host")


def _address(text: str) -> str:
    """An address of the kernel's table, whose words of four bytes are in the machine's order."""
    words = (bytes.fromhex(text[place : place + 8])[::-1] for place in range(0, len(text), 8))
    return str(ipaddress.ip_address(b"".join(words)))
