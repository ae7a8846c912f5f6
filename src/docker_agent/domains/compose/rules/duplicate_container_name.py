"""Container names that two services want."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.run_together import run_together
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.types import Service


@rule(severity=Severity.ERROR, area="model")
def duplicate_container_name(model: ComposeModel) -> Iterator[Finding]:
    """Two services give their container the same name.

    Why
    ---
    A name exists once on an engine, and Compose refuses the project: "container name is already in use". Services in
    different profiles are taken for alternatives, unless one of them needs the other; where a profile is off, this is a
    warning.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            container_name: shop
          app:
            image: app:1
            container_name: shop

    Fine
    ----
        services:
          cpu:
            image: model:1
            profiles: [cpu]
            container_name: model
          gpu:
            image: model:1-cuda
            profiles: [gpu]
            container_name: model

    Instead
    -------
    Take `container_name` out: Compose names containers PROJECT-SERVICE-1, and services find each other by service name.
    """
    named: dict[str, list[tuple[Scalar, Service]]] = {}
    for service in model.services.values():
        node = known_item(service, "container_name")
        if node is None:
            continue
        others = named.setdefault(node.value, [])
        first = next((known for known in others if _meet(model, known[1], service)), None)
        if first:
            found = fault(
                model,
                node.place,
                service.name,
                f"{service.name} and {first[1].name} both call their container {node.value}.",
                "Take container_name out of one of them, or change it.",
            )
            elsewhere = Evidence(source="compose", where=str(first[0].place), quote=node.value)
            found = replace(found, evidence=(*found.evidence, elsewhere))
            both = model.is_active(first[1]) and model.is_active(service)
            yield found if both else replace(found, severity=Severity.WARN)
        others.append((node, service))


def _meet(model: ComposeModel, one: Service, other: Service) -> bool:
    """Whether two services count together; for Compose one of no replicas does too."""
    return (model.is_active(one) and model.is_active(other)) or run_together(model, one, other)
