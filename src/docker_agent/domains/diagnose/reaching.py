"""Names and addresses that a container could not reach, and why, as far as the engine's networks show it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from docker_agent.core.finding import Evidence
from docker_agent.domains.diagnose.evidence import complaints, host_config, inspected
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container, LogLine

NAMED = re.compile(
    r"bad address '(?P<a>[\w.-]+)|could not translate host name \"(?P<b>[\w.-]+)|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)"
    r"(?: (?P<c>[\w.-]+))?|lookup (?P<d>[\w.-]+).{0,60}no such host|host not found in upstream(?: \"(?P<e>[\w.-]+))?"
    r"|unknown (?:mysql server )?host(?: '(?P<f>[\w.-]+))?|could not resolve host:? ?(?P<g>[\w.-]+)?"
    r"|can't find (?P<h>[\w.-]+): (?:NXDOMAIN|SERVFAIL)|NXDOMAIN|SERVFAIL"
    r"|name or service not known|temporary failure in name resolution",
    re.IGNORECASE,
)
# The engine's own words, and a proxy's: signatures of theirs tell more of them.
TOLD_ELSEWHERE = re.compile(
    r"error (?:response from daemon|during connect)|docker daemon|docker\.sock|^docker: "
    r"|failed to (?:solve|do request|pull|initialize logging)|scratch pipe|OCI runtime"
    r"|/v2/|upstream|\"logger\":|acme|traefik|nslookup: read|NVML|permission denied, are you root",
    re.IGNORECASE,
)
BEFORE = re.compile(r"(?<![\w.-])([\w-][\w.-]*?)(?::\d{1,5})?[:.]? $", re.ASCII)
SILENT = re.compile(
    r"^(?=.*(?:timed? ?out|no route to host|unreachable))"
    r"(?:.*?(?<![\d.])(?P<ip>\d{1,3}(?:\.\d{1,3}){3})(?![\d.]).{0,80}?(?:timed? ?out|no route to host|unreachable)"
    r"|.*?(?:network (?:is )?unreachable|no route to host))",
    re.IGNORECASE,
)
GATEWAYS = frozenset({"host.docker.internal", "gateway.docker.internal"})
BRIDGE = "bridge"

Kind = Literal["", "gateway", "none", "bridge", "apart", "internal", "absent", "resolver"]


@dataclass(frozen=True)
class Unreached:
    """What a container's log says it could not reach.

    Attributes
    ----------
    name: the name or address, "" where the line has none.
    kind: why, "" where the engine's networks do not tell: the host's own name (gateway), no network at all (none), the
        default bridge without names (bridge), no network in common with `other` (apart), only internal networks
        (internal), `other` does not run (absent), or a name outside was asked of name servers of the service's own
        (resolver).
    other: the container that is meant.
    """

    container: Container
    line: LogLine
    name: str
    kind: Kind
    other: Container | None = None


def unreached(snapshot: Snapshot, *kinds: Kind) -> Iterator[Unreached]:
    """Complaints of these kinds, at most one of a container: of a name first, then of an address or route."""
    for container, line, match in complaints(snapshot, NAMED):
        yield from _of_kind(_with_name(snapshot, container, line, asked_for(match)), kinds)
    for container, line, match in complaints(snapshot, SILENT):
        if not NAMED.search(line.text[:1_000]):
            yield from _of_kind(_with_address(snapshot, container, line, match["ip"] or ""), kinds)


def asked_for(match: re.Match[str]) -> str:
    """The name that a line with NAMED could not resolve, "" where it has none."""
    before = BEFORE.search(match.string[max(0, match.start() - 260) : match.start()])
    return next((word for word in (*match.groups(), before and before[1]) if word), "").rstrip(".")


def attached(container: Container) -> frozenset[str]:
    """The names of the networks that a container is on."""
    return frozenset(place.network for place in container.networks)


def networks_of(snapshot: Snapshot, container: Container) -> Evidence:
    """Evidence: the networks that a container is on."""
    return inspected(snapshot, container, "NetworkSettings.Networks", ", ".join(sorted(attached(container))) or "none")


def _of_kind(found: Unreached, kinds: tuple[Kind, ...]) -> Iterator[Unreached]:
    if found.kind in kinds:
        yield found


def _with_name(snapshot: Snapshot, container: Container, line: LogLine, name: str) -> Unreached:
    other = called(snapshot, container, name)
    kind: Kind = ""
    if container.network_mode == "none":
        kind = "none"
    elif name.lower() in GATEWAYS:
        kind = "gateway"
    elif other is not None and attached(container) == frozenset({BRIDGE}):
        kind = "bridge"
    elif other is not None:
        kind = _between(container, other)
    elif "." in name and _is_inside(snapshot, container):
        kind = "internal"
    elif "." in name and host_config(container).get("Dns"):
        kind = "resolver"
    return Unreached(container, line, name, kind, other)


def _with_address(snapshot: Snapshot, container: Container, line: LogLine, address: str) -> Unreached:
    everything = (*snapshot.containers, *snapshot.others)
    other = next((each for each in everything if address in {place.ip for place in each.networks} - {""}), None)
    kind: Kind = ""
    if container.network_mode == "none":
        kind = "none"
    elif other is not None:
        kind = _between(container, other)
    elif _is_inside(snapshot, container):
        kind = "internal"
    return Unreached(container, line, address, kind, other)


def _between(container: Container, other: Container) -> Kind:
    """Why two containers do not meet: one does not run, or they share no network."""
    if not other.running:
        return "absent"
    mine, its = attached(container), attached(other)
    return "apart" if mine and its and not mine & its else ""


def called(snapshot: Snapshot, container: Container, name: str) -> Container | None:
    """The container that a name means to another one: a service of the same project, a container's name, an alias."""
    if not name:
        return None
    known = [each for each in (*snapshot.containers, *snapshot.others) if each is not container]
    siblings = [each for each in known if container.project and each.project == container.project]
    by_service = [each for each in siblings if each.service == name]
    by_name = [each for each in known if each.name == name]
    by_alias = [each for each in siblings if any(name in place.aliases for place in each.networks)]
    fitting = [*by_service, *by_name, *by_alias]
    return next((each for each in fitting if each.running), fitting[0] if fitting else None)


def _is_inside(snapshot: Snapshot, container: Container) -> bool:
    """Whether every network of a container is internal, so that no way leads out."""
    internal = {network.name for network in snapshot.networks if network.internal}
    return bool(attached(container)) and attached(container) <= internal
