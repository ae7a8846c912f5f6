"""Traefik: static options from arguments and environment, and what its API says of routers and services."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from docker_agent.core.errors import AgentError
from docker_agent.domains.proxy.reading.api import addresses, ask, rows, table, words
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Tried, Upstream
from docker_agent.host.host import Reads
from docker_agent.host.models import Answer, Container

PREFIX = "traefik."
PER_PAGE = 100
MAX_PAGES = 20
MAX_TRIES = 50
TRY_S = 1.0
EMBEDDED_DNS = "127.0.0.11"
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
    state = replace(state, settings=settings_of(container))
    base = api_of(reads, container, timeout_s)
    if not base:
        return state
    version = str(table(ask(reads, f"{base}/api/version", timeout_s)).get("Version", ""))
    return _with_api(reads, replace(state, api=base, version=version), mine, timeout_s)


def api_of(reads: Reads, container: Container, timeout_s: float) -> str:
    """The address at which a Traefik's API answers, "" where it does not."""
    for base in addresses(container, _api_port(settings_of(container))):
        if "Version" in table(ask(reads, f"{base}/api/version", timeout_s)):
            return base
    return ""


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
        priority=_number(raw.get("priority")) or len(str(raw.get("rule", ""))),
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


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
    urls = dict.fromkeys(
        server.url for service in services for server in service.servers if _host_of(server.url) in by_ip
    )
    with ThreadPoolExecutor(16) as pool:
        trying = {url: pool.submit(_try, reads, url, by_ip[_host_of(url)]) for url in [*urls][:MAX_TRIES]}
        met = {url: each.result() for url, each in trying.items()}
    for service in services:
        servers = (replace(met[each.url], up=each.up) if each.url in met else each for each in service.servers)
        yield replace(service, servers=tuple(servers))


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _try(reads: Reads, url: str, container: Container) -> Server:
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    try:
        port = parts.port or (443 if tls else 80)
    except ValueError:
        return Server(url)
    met = _met(reads.probe(f"tcp://{parts.hostname}:{port}", timeout_s=TRY_S))
    if met == "open" and tls:
        met = _met(reads.probe(f"https://{parts.hostname}:{port}/", timeout_s=2 * TRY_S))
    opened, local = _listening(reads, container) if met == "refused" else ((), ())
    return Server(url, tried=met, open_ports=opened, local_ports=local)


def _listening(reads: Reads, container: Container) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The ports that a container listens on instead, for others and for itself alone."""
    try:
        found = [each for each in reads.listening(container.name) if each.protocol == "tcp" and each.ip != EMBEDDED_DNS]
    except AgentError:
        return (), ()
    local = {each.port for each in found if each.ip.startswith(("127.", "::1"))}
    opened = {each.port for each in found if not each.ip.startswith(("127.", "::1"))}
    return tuple(sorted(opened)), tuple(sorted(local - opened))


def _met(answer: Answer) -> Tried:
    if "refused" in answer.error:
        return "refused"
    if re.search(r"WRONG_VERSION_NUMBER|HTTP_REQUEST|RECORD_LAYER", answer.error):
        return "not-tls"
    return "silent" if re.search(r"timed? ?out|unreachable|No route", answer.error, re.IGNORECASE) else "open"
