"""Caddy: its routes from the admin API where that listens for others than itself, else from its files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from docker_agent.domains.proxy.reading import caddy_files
from docker_agent.domains.proxy.reading.api import addresses, ask, rows, table, words
from docker_agent.domains.proxy.reading.caddy_rules import condition, paths, rule
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
                services=tuple(upstream for router, upstream in found if router.service),
            )
    return caddy_files.read(reads, container, state)


def _routers(config: Mapping[str, Any]) -> Iterator[tuple[Router, Upstream]]:
    """Every place of the configuration that passes requests on, with its servers."""
    servers = table(table(table(config.get("apps")).get("http")).get("servers"))
    for name, server in servers.items():
        found = _handlers(table(server).get("routes"), (), ())
        for index, (hosts, conditions, handler) in enumerate(found):
            upstreams = [str(each.get("dial", "")) for each in rows(handler.get("upstreams"))]
            label, own = f"{name}-{index}", _own(handler)
            yield (
                Router(
                    label,
                    rule=rule(hosts, conditions),
                    service="" if own else label,
                    entrypoints=words(table(server).get("listen")),
                    priority=-index,
                    own=own,
                ),
                Upstream(label, kind="reverse_proxy", servers=tuple(Server(f"http://{each}") for each in upstreams)),
            )


def _handlers(
    routes: Any, hosts: tuple[str, ...], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], dict[str, Any]]]:
    """The handlers that may answer, in the order in which they are asked, with hosts and other conditions."""
    for route in rows(routes):
        matches = rows(route.get("match"))
        own = tuple(host for match in matches for host in words(match.get("host"))) or hosts
        conditions = (*above, *_conditions(matches))
        for handler in rows(route.get("handle")):
            if handler.get("handler") == "reverse_proxy" or _own(handler):
                yield own, conditions, handler
            yield from _handlers(handler.get("routes"), own, conditions)


def _conditions(matches: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What has to hold besides the host."""
    others = [{key: value for key, value in match.items() if key != "host"} for match in matches]
    if len(others) != 1 and any(others):
        yield condition(json.dumps(others))
        return
    for key, value in (pair for each in others for pair in each.items()):
        if key == "method":
            yield f"Method({', '.join(f'`{each}`' for each in words(value))})"
        else:
            yield paths(words(value)) if key == "path" else condition(f"{key} {json.dumps(value)}")


def _own(handler: Mapping[str, Any]) -> str:
    """What Caddy itself answers by a handler, "" for one that passes the request on."""
    names = {"static_response": "respond", "file_server": "file_server", "error": "error"}
    return f"{names.get(str(handler.get('handler')), '')} {handler.get('status_code', '')}".strip()
