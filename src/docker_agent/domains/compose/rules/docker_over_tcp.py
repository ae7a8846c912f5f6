"""Engines that are commanded over the network without TLS."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name, image_tag
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.types import Service

TLS_PORT = "2376"


@rule(severity=Severity.WARN, area="security")
def docker_over_tcp(model: ComposeModel) -> Iterator[Finding]:
    """A service commands an engine on another machine without TLS.

    Why
    ---
    Without TLS the Docker API asks nobody for a name: that engine takes orders from everyone who reaches its port, and
    an order is root on its host. Robots look for port 2375 all day and start miners there. Whoever is on the way reads
    and changes the orders too.

    The engine in a container (docker:dind) without certificates, `DOCKER_TLS_CERTDIR: ""`, does the same for its
    networks: it is privileged, so every neighbour is one request away from the host. That is a remark.

    A name without dots is taken for a container next door, such as a socket proxy, and is not flagged.

    Flagged
    -------
        services:
          ci:
            image: runner:1
            environment:
              DOCKER_HOST: tcp://192.168.1.10:2375

    Fine
    ----
        services:
          ci:
            image: runner:1
            environment:
              DOCKER_HOST: tcp://socket-proxy:2375
          remote:
            image: runner:1
            environment:
              DOCKER_HOST: tcp://build.example.org:2376
              DOCKER_TLS_VERIFY: "1"

    Instead
    -------
    `DOCKER_HOST: ssh://user@machine` needs no open port. Or give the engine certificates (`tlsverify` in daemon.json)
    and use port 2376.

    See
    ---
    CIS Docker Benchmark 2.7 · sensitive_port_public, socket_mount
    """
    for service in model.services.values():
        if _serves_plain(service):
            place = model.place(("services", service.name, "environment", "DOCKER_TLS_CERTDIR"))
            message = f"{service.name} takes orders without TLS from everything on its networks."
            found = fault(model, place, service.name, message, "Leave DOCKER_TLS_CERTDIR as it is, and use port 2376.")
            yield replace(found, severity=Severity.INFO)
        if "DOCKER_HOST" not in service.environment:
            continue
        node = model.node(("services", service.name, "environment", "DOCKER_HOST"))
        if not isinstance(node, Scalar) or node.unset:
            continue
        host = service.environment.get("DOCKER_HOST") or ""
        if _is_plain(host, service):
            yield fault(
                model,
                node.place,
                service.name,
                f"{service.name} commands the engine at {host} without TLS.",
                "Use ssh://, or TLS on port 2376.",
            )


def _serves_plain(service: Service) -> bool:
    inner = image_name(service.image) == "docker" and "dind" in (image_tag(service.image) or "")
    return inner and service.environment.get("DOCKER_TLS_CERTDIR") == ""


def _is_plain(address: str, service: Service) -> bool:
    scheme, _, rest = address.partition("://")
    host, _, port = rest.rstrip("/").rpartition(":")
    secured = port == TLS_PORT or service.environment.get("DOCKER_TLS_VERIFY") not in {None, ""}
    if scheme not in {"tcp", "http"} or secured:
        return False
    host = host.strip("[]")
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." in host and not host.endswith(".localhost")
