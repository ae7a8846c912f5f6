"""The health check fails."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import checked, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot


@signature(code="health-unhealthy", area="health")
def health_unhealthy(snapshot: Snapshot) -> Iterator[Finding]:
    """The health check runs and says no.

    The engine does not restart an unhealthy container. General: where the output shows why (a missing tool, a timeout,
    localhost), that signature comes before.
    """
    for container in snapshot.containers:
        if not container.running or container.health != "unhealthy":
            continue
        yield found(
            snapshot,
            container,
            checked(snapshot, container),
            inspected(snapshot, container, "State.Health", f"unhealthy, {container.failing_streak} failures in a row"),
            written(snapshot, container, "healthcheck", "test"),
            message=f"Its health check failed {container.failing_streak} times in a row.",
            cause="The application does not answer as the check expects, or the check asks the wrong thing.",
            fix="Read the check's output and the log; correct the application or the check.",
            confidence="likely",
        )
