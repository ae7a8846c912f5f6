"""The health check fails all along, and a long start period hides it."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import checked, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot

FAILURES = 3


@signature(code="health-starting-forever", area="health")
def health_starting_forever(snapshot: Snapshot) -> Iterator[Finding]:
    """The check has failed several times, yet the status stays `starting` because the start period is not over.

    A slow start looks the same for a while: three failures and not one success make the difference.
    """
    for container in snapshot.containers:
        codes = [result.exit_code for result in container.health_log]
        if not container.running or container.health != "starting" or len(codes) < FAILURES or 0 in codes:
            continue
        yield found(
            snapshot,
            container,
            checked(snapshot, container),
            inspected(snapshot, container, "State.Health.Status", f"starting after {len(codes)} failed checks"),
            written(snapshot, container, "healthcheck", "start_period") or written(snapshot, container, "healthcheck"),
            message=f"All {len(codes)} health checks failed, but the start period hides it.",
            cause="Failures do not count while start_period runs; a check that can never succeed goes unnoticed.",
            fix="Correct the check or the application; give a start_period that fits the real start-up time.",
            confidence="likely",
            severity=Severity.WARN,
        )
