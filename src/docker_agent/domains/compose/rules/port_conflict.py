"""Host ports that two services want."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.addresses import same_address
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.run_together import run_together
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import PublishedPort, Service

Claim = tuple[PublishedPort, Service]

# Network modes in which a container publishes nothing.
WITHOUT_PORTS = ("host", "none", "service:", "container:")


@rule(severity=Severity.ERROR, area="conflict")
def port_conflict(model: ComposeModel) -> Iterator[Finding]:
    """Two services, or two replicas of one, want the same port of the host.

    Why
    ---
    The second one does not start: "port is already allocated". Compared are host address, protocol and range; services
    in different profiles are taken for alternatives unless one needs the other or both are on, and `network_mode: host`
    discards published ports. Of a range for one container port each replica takes one; the same entry twice in one
    service is one to Compose.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            ports: ["8080-8082:80-82"]
          app:
            image: app:1
            ports: ["127.0.0.1:8081:3000"]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            ports: ["127.0.0.1:53:53/tcp", "127.0.0.2:53:53/tcp"]
          dns:
            image: dns:1
            ports: ["127.0.0.1:53:53/udp"]

    Instead
    -------
    Publish one of them elsewhere, or put a reverse proxy in front.
    """
    claims = [
        (port, service)
        for service in model.services.values()
        if not service.network_mode.startswith(WITHOUT_PORTS)
        for port in _claimed(service)
    ]
    for port, service in claims:
        if service.replicas > _room(port):
            yield fault(
                model,
                port.place,
                service.name,
                f"{service.replicas} replicas of {service.name} want the host port {_shown(port)}.",
                "Let the engine choose the port, publish a range, or put a proxy in front.",
            )
    for (port, service), (other, owner) in _conflicts(model, [claim for claim in claims if not claim[0].pool]):
        takers = f"{service.name} wants" if service is owner else f"{service.name} and {owner.name} want"
        both = f" {_shown(port)}" if _shown(other) == _shown(port) else f": {_shown(other)} and {_shown(port)}"
        found = fault(
            model,
            port.place,
            service.name,
            f"{takers} the same host port{both}.",
            "Publish one of them on another port.",
        )
        elsewhere = Evidence(source="compose", where=str(other.place), quote=_shown(other))
        yield replace(found, evidence=(*found.evidence, elsewhere))


def _claimed(service: Service) -> list[PublishedPort]:
    """The service's ports of the host, each once."""
    found = {
        (port.host_ip, port.first, port.last, port.target, port.protocol): port
        for port in reversed(service.ports)
        if port.first
    }
    return list(reversed(found.values()))


def _room(port: PublishedPort) -> int:
    """How many replicas find a port of the host."""
    return port.last - port.first + 1 if port.pool else 1


def _conflicts(model: ComposeModel, claims: list[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Each claim with the first one before it, by port, that it meets."""
    ordered = sorted(claims, key=lambda claim: (claim[0].protocol, claim[0].first))
    reaching: list[Claim] = []
    for claim in ordered:
        reaching = [
            (port, service)
            for port, service in reaching
            if port.protocol == claim[0].protocol and port.last >= claim[0].first
        ]
        met = next(
            (
                known
                for known in reaching
                if same_address(known[0].host_ip, claim[0].host_ip) and run_together(model, known[1], claim[1])
            ),
            None,
        )
        if met:
            yield claim, met
        else:
            reaching.append(claim)


def _shown(port: PublishedPort) -> str:
    ports = str(port.first) if port.first == port.last else f"{port.first}-{port.last}"
    host = f"[{port.host_ip}]" if ":" in port.host_ip else port.host_ip
    return f"{host}:{ports}/{port.protocol}".lstrip(":")
