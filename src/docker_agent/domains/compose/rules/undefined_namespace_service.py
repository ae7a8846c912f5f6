"""Shared namespaces of services that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.references import missing_services, namespaces
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def undefined_namespace_service(model: ComposeModel) -> Iterator[Finding]:
    """A service shares the network, processes, memory or host name of a service that is not there.

    Why
    ---
    `network_mode`, `pid`, `ipc` and `uts` with `service:NAME` need that service to run first. Compose refuses the
    project where it is not there, or where its profile is off.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            network_mode: service:vpm
          vpn:
            image: gluetun:3

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            network_mode: service:vpn
          vpn:
            image: gluetun:3
    """
    for service in model.services.values():
        yield from missing_services(model, service, namespaces(service))
