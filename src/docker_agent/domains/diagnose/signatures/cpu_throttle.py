"""The CPU limit slows the container down."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, label, written
from docker_agent.domains.diagnose.snapshot import Snapshot

SHARE = 0.25
PERIODS = 20


@signature(code="cpu-throttle", area="resource")
def cpu_throttle(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel stops the container in more than a quarter of its time slices, because its CPU limit is used up.

    Looked at only where statistics were asked for. The host may be idle all the while.
    """
    for container in snapshot.containers:
        reading = snapshot.stats.get(container.name)
        if reading is None or not container.cpus or reading.periods < PERIODS:
            continue
        share = reading.throttled_periods / reading.periods
        if share < SHARE:
            continue
        yield found(
            snapshot,
            container,
            Evidence(
                source="stats",
                where=f"{label(snapshot, container)} cpu_stats.throttling_data",
                quote=f"throttled in {reading.throttled_periods} of {reading.periods} periods",
            ),
            written(snapshot, container, "cpus")
            or written(snapshot, container, "deploy", "resources", "limits", "cpus"),
            message=f"It is slowed down in {share:.0%} of its time slices; its limit is {container.cpus:g} CPUs.",
            cause="The CPU limit is lower than what it wants in bursts.",
            fix="Raise cpus, or run fewer threads (GOMAXPROCS, worker counts).",
            severity=Severity.WARN,
        )
