"""Numbers of replicas that do not fit."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import as_active
from docker_agent.project.compose.casts import number, whole
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Node
from docker_agent.project.compose.types import Service


@rule(severity=Severity.ERROR, area="model")
def replicas_conflict(model: ComposeModel) -> Iterator[Finding]:
    """`scale` and `deploy.replicas` say different numbers, or one of them is negative.

    Why
    ---
    Both say how many containers run. Compose refuses the project where they differ.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            scale: 2
            deploy: {replicas: 3}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            deploy: {replicas: 3}
    """
    for service in model.services.values():
        scale, replicas = service.raw.get("scale"), _replicas(service)
        for node in (scale, replicas):
            if node is not None and number(node) < 0:
                message = f"{service.name} has {number(node):g} replicas."
                yield as_active(model, service, fault(model, node.place, service.name, message, "Write 0 or more."))
        said, there = whole(scale), whole(replicas)
        if scale is not None and said is not None and there is not None and said != there:
            message = f"{service.name} has scale {said} and deploy.replicas {there}."
            found = fault(model, scale.place, service.name, message, "Keep only deploy.replicas.")
            yield as_active(model, service, found)


def _replicas(service: Service) -> Node | None:
    deploy = service.raw.get("deploy")
    return deploy.get("replicas") if isinstance(deploy, Mapping) else None
