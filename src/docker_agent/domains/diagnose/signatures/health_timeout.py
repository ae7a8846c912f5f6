"""The health check takes longer than its timeout."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import checked, found, written
from docker_agent.domains.diagnose.mend import container_in, recreate
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"Health check exceeded timeout \((?P<timeout>[^)]+)\)")
FACTOR = 5
SHORTEST_S, LONGEST_S = 5, 60


@signature(code="health-timeout", area="health")
def health_timeout(snapshot: Snapshot) -> Iterator[Finding]:
    """The check was stopped at its timeout, before it could say anything.

    The engine writes so itself, with exit code -1. A busy or throttled container makes it worse: see `cpu-throttle`.
    """
    for container in snapshot.containers:
        last = container.health_log[-1] if container.health_log else None
        match = PATTERN.search(last.output) if last and last.exit_code else None
        if not container.running or not match:
            continue
        yield found(
            snapshot,
            container,
            checked(snapshot, container),
            written(snapshot, container, "healthcheck", "timeout"),
            written(snapshot, container, "healthcheck", "test") or written(snapshot, container, "healthcheck"),
            message=f"The health check does not end within its timeout of {match['timeout']}.",
            cause="The check is slow, or the application answers it too late.",
            fix="Raise the timeout, or ask something cheaper.",
        )


@health_timeout.fix
def raise_timeout(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Five times the timeout, 5 to 60 seconds."""
    container = container_in(snapshot, finding)
    service = snapshot.model.services.get(container.service) if snapshot.model else None
    if service is None or service.healthcheck is None:
        return None
    now = service.healthcheck.timeout_s or 30.0
    wanted = min(LONGEST_S, max(SHORTEST_S, round(FACTOR * now)))
    if wanted <= now:
        return None
    why = f"How long the check takes is not known, only that {now:g} s is not enough: this gives it {wanted} s."
    return recreate(snapshot, finding, {("healthcheck", "timeout"): f"{wanted}s"}, why)
