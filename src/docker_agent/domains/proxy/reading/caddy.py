"""Caddy: its routes from the admin API where that listens for others than itself, else from its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from docker_agent.domains.proxy.reading import caddy_files
from docker_agent.domains.proxy.reading.api import addresses, ask, rows, table, words
from docker_agent.domains.proxy.reading.program_version import version_of
from docker_agent.domains.proxy.state import ProxyState, Router, Server, Upstream
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

ADMIN_PORT = 2019


def read(reads: Reads, container: Container, state: ProxyState, timeout_s: float) -> ProxyState:
    """Add its version, and what the admin API says; by default only Caddy itself can ask that, and its files speak."""
    state = replace(state, version=version_of(container, "CADDY_VERSION"))
    for base in addresses(container, ADMIN_PORT):
        config = ask(reads, f"{base}/config/", timeout_s)
        if isinstance(config, dict):
            found = [*_routers(table(config))]
            return replace(
                state,
                api=base,
                routers=tuple(router for router, _ in found),
                services=tuple(upstream for _, upstream in found),
            )
    return caddy_files.read(reads, container, state)


def _routers(config: Mapping[str, Any]) -> Iterator[tuple[Router, Upstream]]:
    """Every place of the configuration that passes requests on, with its servers."""
    servers = table(table(table(config.get("apps")).get("http")).get("servers"))
    for name, server in servers.items():
        for index, (hosts, handler) in enumerate(_handlers(table(server).get("routes"), "")):
            upstreams = [str(each.get("dial", "")) for each in rows(handler.get("upstreams"))]
            label = f"{name}-{index}"
            yield (
                Router(label, rule=hosts, service=label, entrypoints=words(table(server).get("listen"))),
                Upstream(label, kind="reverse_proxy", servers=tuple(Server(f"http://{each}") for each in upstreams)),
            )


def _handlers(routes: Any, hosts: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for route in rows(routes):
        own = ", ".join(host for match in rows(route.get("match")) for host in words(match.get("host"))) or hosts
        for handler in rows(route.get("handle")):
            if handler.get("handler") == "reverse_proxy":
                yield own, handler
            yield from _handlers(handler.get("routes"), own)
