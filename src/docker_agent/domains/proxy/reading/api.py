"""Ask the API of a proxy that runs in a container, at whichever of its addresses answers."""

from __future__ import annotations

import json
from typing import Any, cast

from docker_agent.host.host import Reads
from docker_agent.host.models import Container


def addresses(container: Container, port: int) -> list[str]:
    """Where a port of a container may be asked from this machine: its own addresses, then what it publishes."""
    hosts = [f"{place.ip}:{port}" for place in container.networks if place.ip]
    if container.network_mode == "host":
        hosts.append(f"127.0.0.1:{port}")
    published = [entry.host_port for entry in container.ports if entry.container_port == port and entry.host_port]
    return [f"http://{host}" for host in (*hosts, *(f"127.0.0.1:{each}" for each in published[:1]))]


def ask(reads: Reads, url: str, timeout_s: float) -> Any:
    """The JSON that an address answers, None for anything else."""
    answer = reads.probe(url, timeout_s=timeout_s)
    if answer.status != 200:
        return None
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def table(value: Any) -> dict[str, Any]:
    """A JSON object as it is, an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON list, none for anything else."""
    return (
        [table(each) for each in cast("list[Any]", value) if isinstance(each, dict)] if isinstance(value, list) else []
    )


def words(value: Any) -> tuple[str, ...]:
    """The entries of a JSON list as text, none for anything else."""
    return tuple(str(each) for each in cast("list[Any]", value)) if isinstance(value, list) else ()
