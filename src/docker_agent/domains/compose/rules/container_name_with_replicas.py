"""Fixed container names with replicas."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import as_active
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def container_name_with_replicas(model: ComposeModel) -> Iterator[Finding]:
    """A service with a container name has more than one replica.

    Why
    ---
    A container's name is there only once, so Compose refuses the project.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            container_name: shop-web
            deploy: {replicas: 2}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            deploy: {replicas: 2}
    """
    for service in model.services.values():
        if service.container_name and service.replicas > 1:
            place = service.raw.index["container_name"].value.place
            message = f"{service.name} has the container name {service.container_name} and {service.replicas} replicas."
            hint = "Take container_name out; other services reach it by its service name."
            yield as_active(model, service, fault(model, place, service.name, message, hint))
