"""Which names may be looked up: a look-up may leave the machine, so only names that are known here are asked for."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from docker_agent.core.errors import InputError
from docker_agent.host.models import Container
from docker_agent.project.compose.types import Service
from docker_agent.project.stack import stack_of
from docker_agent.project.workspace import Workspace

ALWAYS = frozenset({"localhost", "host.docker.internal"})
SHORT_ID = 12
HOST_AND_PORT = re.compile(r"([A-Za-z0-9_.-]{1,253})(?::\d{1,5})?", re.ASCII)
APART = re.compile(r"[\s,;]+")


def is_known(ws: Workspace, host: str) -> bool:
    """Whether a host may be looked up: an address, or a name that the engine or the compose files have already."""
    name = host.lower().rstrip(".")
    return _is_address(host) or name in ALWAYS or name in {each.lower().rstrip(".") for each in _names(ws)}


def _names(ws: Workspace) -> Iterator[str]:
    for container in ws.host.containers():
        yield from _names_of(container)
    try:
        stack = stack_of(ws, strict=False)
    except InputError:
        return
    for service in stack.model.services.values() if stack else ():
        yield from _names_in_file(ws, service)


def _names_of(container: Container) -> Iterator[str]:
    config: dict[str, Any] = container.raw.get("Config") or {}
    limits: dict[str, Any] = container.raw.get("HostConfig") or {}
    extra: list[str] = limits.get("ExtraHosts") or []
    own = (container.name, container.service, container.id[:SHORT_ID], str(config.get("Hostname") or ""))
    yield from (line.replace("=", ":").partition(":")[0] for line in extra)
    yield from filter(None, own)
    for network in container.networks:
        for name in (container.name, container.service, *network.aliases):
            if name:
                yield from (name, f"{name}.{network.network}")


def _names_in_file(ws: Workspace, service: Service) -> Iterator[str]:
    yield from filter(None, (service.name, service.container_name, service.hostname, *service.extra_hosts))
    for aliases in service.network_aliases.values():
        yield from aliases
    for value in service.environment.values():
        yield from (host for host in _hosts_in(value or "") if ws.mask(host) == host)


def _hosts_in(value: str) -> Iterator[str]:
    """The hosts that a value names: those of URLs, and words that are a host with or without a port."""
    for word in APART.split(value):
        if "://" in word:
            try:
                yield urlsplit(word).hostname or ""
            except ValueError:
                continue
        elif plain := HOST_AND_PORT.fullmatch(word):
            yield plain[1]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
