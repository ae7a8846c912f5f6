"""A network mode beside networks."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import as_active
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def network_mode_and_networks(model: ComposeModel) -> Iterator[Finding]:
    """A service has a network mode and networks, of which only one can hold.

    Why
    ---
    `network_mode` says that the service has no networks of its own, so Compose refuses the project.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            network_mode: host
            networks: [front]
        networks: {front: }

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            networks: [front]
        networks: {front: }
    """
    for service in model.services.values():
        if service.network_mode and service.networks:
            place = service.raw.index["networks"].key.place
            message = f"{service.name} has network_mode {service.network_mode} and networks."
            hint = "Take one of the two out."
            yield as_active(model, service, fault(model, place, service.name, message, hint))
