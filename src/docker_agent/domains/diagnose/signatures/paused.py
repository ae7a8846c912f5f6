"""The container is paused."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, happened, inspected
from docker_agent.domains.diagnose.mend import unpause
from docker_agent.domains.diagnose.snapshot import Snapshot


@signature(code="paused", area="process")
def paused(snapshot: Snapshot) -> Iterator[Finding]:
    """Somebody paused the container, or a backup tool crashed while it had it paused.

    It counts as running, answers nothing, and clients hang instead of being refused.
    """
    for container in snapshot.containers:
        if container.status != "paused":
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Paused", "true"),
            happened(snapshot, container, "pause"),
            message="It is paused: all its processes stand still.",
            cause="docker pause was used, by a person or by a tool that did not come to its unpause.",
            fix="Unpause it.",
            severity=Severity.ERROR,
        )


@paused.fix
def resume(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Unpausing loses nothing."""
    return unpause(snapshot, finding)
