"""Traefik: static options from arguments and environment, and what its API says of routers and services."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from docker_agent.domains.proxy.api import addresses, ask, rows, table, words
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Tried, Upstream
from docker_agent.host.host import Reads
from docker_agent.host.models import Answer, Container

PREFIX = "traefik."
PER_PAGE = 100
MAX_PAGES = 20
MAX_TRIES = 50
TRY_S = 1.0
OPTION = re.compile(r"--(?P<key>[\w.\[\]-]+?)(?:=(?P<value>.*))?", re.DOTALL)


def is_labelled(container: Container) -> bool:
    """Whether a container has labels for Traefik."""
    return any(key.lower().startswith(PREFIX) for key in container.labels)


def settings_of(container: Container) -> dict[str, str]:
    """The static options of a Traefik, keys in lower case; one without a value is `true`."""
    settings: dict[str, str] = {}
    for entry in container.env:
        key, _, value = entry.partition("=")
        if key.startswith("TRAEFIK_"):
            settings[key.removeprefix("TRAEFIK_").replace("_", ".").lower()] = value
    arguments = (*container.entrypoint, *container.command)
    for index, word in enumerate(arguments):
        match = OPTION.fullmatch(word)
        if match:
            value = match["value"]
            follower = arguments[index + 1] if value is None and index + 1 < len(arguments) else "-"
            settings[match["key"].lower()] = value if value is not None else _unless_option(follower)
    return settings


def read(
    reads: Reads, container: Container, state: ProxyState, mine: Sequence[Container], timeout_s: float
) -> ProxyState:
    """Add static options, and what the API says where it answers without a password."""
    settings = settings_of(container)
    state = replace(state, settings=settings)
    for base in addresses(container, _api_port(settings)):
        version = table(ask(reads, f"{base}/api/version", timeout_s))
        if "Version" in version:
            return _with_api(reads, replace(state, api=base, version=str(version["Version"])), mine, timeout_s)
    return state


def _unless_option(word: str) -> str:
    return "true" if word.startswith("-") else word


def _api_port(settings: Mapping[str, str]) -> int:
    address = settings.get("entrypoints.traefik.address", "")
    port = address.partition("/")[0].rpartition(":")[2]
    return int(port) if port.isascii() and port.isdigit() else 8080


def _with_api(reads: Reads, state: ProxyState, mine: Sequence[Container], timeout_s: float) -> ProxyState:
    api = f"{state.api}/api"
    services = [_upstream(each) for each in _pages(reads, f"{api}/http/services", timeout_s)]
    by_ip = {place.ip: each for each in mine for place in each.networks if place.ip and each.status == "running"}
    return replace(
        state,
        routers=tuple(_router(each) for each in _pages(reads, f"{api}/http/routers", timeout_s)),
        services=tuple(_tried(reads, services, by_ip)),
        middlewares=tuple(str(each.get("name", "")) for each in _pages(reads, f"{api}/http/middlewares", timeout_s)),
        entrypoints={
            str(each.get("name", "")): str(each.get("address", ""))
            for each in _pages(reads, f"{api}/entrypoints", timeout_s)
        },
    )


def _pages(reads: Reads, url: str, timeout_s: float) -> Iterator[dict[str, Any]]:
    for page in range(1, MAX_PAGES + 1):
        found = rows(ask(reads, f"{url}?per_page={PER_PAGE}&page={page}", timeout_s))
        yield from found
        if len(found) < PER_PAGE:
            return


def _router(raw: Mapping[str, Any]) -> Router:
    return Router(
        name=str(raw.get("name", "")),
        rule=str(raw.get("rule", "")),
        service=str(raw.get("service", "")),
        entrypoints=words(raw.get("entryPoints")),
        middlewares=words(raw.get("middlewares")),
        tls=raw.get("tls") is not None,
        enabled=raw.get("status") != "disabled",
        errors=words(raw.get("error")),
    )


def _upstream(raw: Mapping[str, Any]) -> Upstream:
    status = table(raw.get("serverStatus"))
    servers = rows(table(raw.get("loadBalancer")).get("servers"))
    return Upstream(
        name=str(raw.get("name", "")),
        kind=str(raw.get("type", "")),
        servers=tuple(
            Server(url=str(each.get("url", "")), up=str(status.get(str(each.get("url", "")), ""))) for each in servers
        ),
        children=dict(_children(raw)),
        enabled=raw.get("status") != "disabled",
        errors=words(raw.get("error")),
    )


def _children(raw: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for child in rows(table(raw.get("weighted")).get("services")):
        weight = child.get("weight", 1)
        yield str(child.get("name", "")), weight if isinstance(weight, int) else 1
    mirroring, failover = table(raw.get("mirroring")), table(raw.get("failover"))
    mirrors = [mirror.get("name") for mirror in rows(mirroring.get("mirrors"))]
    for name in (mirroring.get("service"), failover.get("service"), failover.get("fallback"), *mirrors):
        if name:
            yield str(name), 1


def _tried(reads: Reads, services: Sequence[Upstream], by_ip: Mapping[str, Container]) -> Iterator[Upstream]:
    """The services, with what this machine meets at those of their servers that are own containers."""
    left = MAX_TRIES
    for service in services:
        servers: list[Server] = []
        for server in service.servers:
            container = by_ip.get(_host_of(server.url))
            if container is not None and left:
                left -= 1
                servers.append(_try(reads, server, container))
            else:
                servers.append(server)
        yield replace(service, servers=tuple(servers))


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _try(reads: Reads, server: Server, container: Container) -> Server:
    parts = urlsplit(server.url)
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    met = _met(reads.probe(f"tcp://{parts.hostname}:{port}", timeout_s=TRY_S))
    if met == "open" and tls:
        met = _met(reads.probe(f"https://{parts.hostname}:{port}/", timeout_s=2 * TRY_S))
    others = [each for each in _other_ports(container) if each != port] if met == "refused" else []
    found = [each for each in others if not reads.probe(f"tcp://{parts.hostname}:{each}", timeout_s=TRY_S).error]
    return replace(server, tried=met, open_ports=tuple(found))


def _met(answer: Answer) -> Tried:
    if "refused" in answer.error:
        return "refused"
    if re.search(r"WRONG_VERSION_NUMBER|HTTP_REQUEST|RECORD_LAYER", answer.error):
        return "not-tls"
    return "silent" if re.search(r"timed? ?out|unreachable|No route", answer.error, re.IGNORECASE) else "open"


def _other_ports(container: Container) -> list[int]:
    """The ports that a container may listen on instead: published, exposed, and those that its command speaks of."""
    exposed = table(table(container.raw.get("Config")).get("ExposedPorts"))
    declared = [str(entry.container_port) for entry in container.ports] + [key.partition("/")[0] for key in exposed]
    spoken = re.findall(r"(?<![\d.])\d{2,5}(?![\d.])", " ".join((*container.command, *container.health_test)))
    numbers = [int(word) for word in (*declared, *spoken) if word.isascii() and word.isdigit()]
    return [number for number in dict.fromkeys(numbers) if 0 < number < 65_536][:6]
