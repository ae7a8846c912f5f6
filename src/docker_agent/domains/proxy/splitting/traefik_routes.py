"""Which services and routers of Traefik lead to a container, as its API shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.reading.api import ask, rows, table
from docker_agent.domains.proxy.splitting.texts import names_of
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

API_S = 3.0
MOST = 500
HOST_LITERAL = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Leading:
    """A service of Traefik that leads to a container, with the routers that use it, as the API shows them.

    Attributes
    ----------
    name: in full, with its provider.
    servers: as `HOST:PORT`.
    """

    name: str
    kind: str
    balancer: Mapping[str, Any]
    servers: tuple[str, ...]
    routers: tuple[Mapping[str, Any], ...]

    @property
    def scheme(self) -> str:
        """How its servers are asked."""
        urls = [str(each.get("url", "")) for each in rows(self.balancer.get("servers"))]
        return urlsplit(urls[0]).scheme or "http"

    def alone(self, server: str) -> str:
        """What it has once a container serves alone: an address, or the name that a file gives (`web:8080`)."""
        return server if is_address(self.servers[0]) else self.servers[0]


def _all(reads: Reads, url: str) -> Iterator[dict[str, Any]]:
    yield from rows(ask(reads, f"{url}?per_page={MOST}", API_S))


def leading_to(reads: Reads, api: str, backend: Container) -> Iterator[Leading]:
    """Every service, HTTP or TCP and on any port, by which a router leads to the container, its own server first.

    An address that no container has any more is left out: Traefik forgets it as soon as it notices.
    """
    for kind in ("http", "tcp"):
        routers = [*_all(reads, f"{api}/api/{kind}/routers")]
        for raw in _all(reads, f"{api}/api/{kind}/services"):
            name, servers = str(raw.get("name", "")), servers_of(raw)
            mine = tuple(each for each in routers if _leads_to(each, name))
            own = tuple(each for each in servers if _is_of(each, backend))
            others = (each for each in servers if each not in own)
            there = (each for each in others if not is_address(each) or by_container(reads, each) != each)
            if mine and own:
                yield Leading(name, kind, table(raw.get("loadBalancer")), (*own, *there), mine)


def servers_of(service: Mapping[str, Any]) -> tuple[str, ...]:
    """The servers of a load balancer as `HOST:PORT`: of HTTP they are URLs, of TCP addresses."""
    servers = rows(table(service.get("loadBalancer")).get("servers"))
    return tuple(urlsplit(str(each.get("url", ""))).netloc or str(each.get("address", "")) for each in servers)


def _is_of(netloc: str, backend: Container) -> bool:
    return netloc.rpartition(":")[0] in names_of(backend)


def is_address(netloc: str) -> bool:
    """Whether a server is written as an address and not by a name."""
    return netloc.rpartition(":")[0].replace(".", "").isdigit()


def _leads_to(router: Mapping[str, Any], service: str) -> bool:
    name = str(router.get("name", ""))
    is_ours = name.startswith("docker-agent-") and name.endswith("@file")
    target = full_name(str(router.get("service", "")), name.partition("@")[2])
    return target == service and router.get("status") != "disabled" and not is_ours


def full_name(name: str, provider: str) -> str:
    """A name with its provider."""
    return name if "@" in name or not provider else f"{name}@{provider}"


def by_container(reads: Reads, netloc: str) -> str:
    """A server by its container's name where it is written as an address."""
    host, _, port = netloc.rpartition(":")
    if not is_address(netloc):
        return netloc
    holders = [
        each.name
        for each in reads.containers(include_stopped=False)
        if any(place.ip == host for place in each.networks)
    ]
    return f"{holders[0]}:{port}" if holders else netloc


def refuse_ties(reads: Reads, api: str, leading: Sequence[Leading], above: int) -> None:
    """Raise where another router of a host has a priority at most `above` higher than one that leads here."""
    ours = {str(raw.get("name", "")): raw for each in leading for raw in each.routers}
    for raw in _all(reads, f"{api}/api/http/routers"):
        name = str(raw.get("name", ""))
        if name in ours or raw.get("status") == "disabled" or name.startswith("docker-agent-"):
            continue
        tied = [other for other, mine in ours.items() if 0 < priority_of(raw) - priority_of(mine) <= above]
        hosts = set(HOST_LITERAL.findall(str(raw.get("rule", ""))))
        for other in tied:
            if hosts & set(HOST_LITERAL.findall(str(ours[other].get("rule", "")))):
                raise InputError(
                    f"The router {name} stands before {other} by a priority that a release would take.",
                    f"Give {name.partition('@')[0]} a priority of its own, 100 higher (routers.NAME.priority).",
                )


def priority_of(router: Mapping[str, Any]) -> int:
    """The priority of a router: its own, or the length of its rule."""
    return int(router.get("priority") or 0) or len(str(router.get("rule", "")))
