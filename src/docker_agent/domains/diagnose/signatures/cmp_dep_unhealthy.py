"""A service waits for another one that is not well."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot


@signature(code="cmp-dep-unhealthy", area="health")
def cmp_dep_unhealthy(snapshot: Snapshot) -> Iterator[Finding]:
    """A container was made but never started, because a service that it depends on is unhealthy, failed or not there.

    A consequence, not a cause: the other service is what to mend. With State.Error set the engine itself failed.
    """
    if snapshot.model is None:
        return
    services = snapshot.model.services
    by_service = {each.service: each for each in snapshot.containers}
    for container in snapshot.containers:
        if container.status != "created" or container.error or container.service not in services:
            continue
        for dependency in services[container.service].depends_on:
            other = by_service.get(dependency.service)
            if other is not None and not snapshot.broken(other):
                continue
            state = f"{other.status} {other.health}".strip() if other else "not there"
            yield found(
                snapshot,
                container,
                inspected(snapshot, container, "State.Status", "created, never started"),
                written(snapshot, container, "depends_on"),
                message=f"It waits for {dependency.service}, which is {state}.",
                cause=f"depends_on asks for {dependency.condition} of {dependency.service}.",
                fix=f"Mend {dependency.service} first, then start this one.",
                confidence="likely",
                severity=Severity.ERROR,
            )
