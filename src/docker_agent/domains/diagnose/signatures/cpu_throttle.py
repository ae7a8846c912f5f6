"""The CPU limit slows the container down."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, label, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.snapshot import SETTLED_S, Snapshot

SHARE = 0.25
PERIODS = 20
FACTOR = 4
SMALLEST = 0.5


@signature(code="cpu-throttle", area="resource")
def cpu_throttle(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel stops the container in more than a quarter of its time slices, because its CPU limit is used up.

    Counted since its start, so that a burst right at the start says nothing. The host may be idle all the while.
    """
    for container in snapshot.containers:
        reading = snapshot.stats.get(container.name)
        if reading is None or not container.cpus or reading.periods < PERIODS:
            continue
        if snapshot.uptime(container) < SETTLED_S:
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


@cpu_throttle.fix
def raise_cpus(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Four times the limit, at least half a processor, at most all that the engine has."""
    container = container_in(snapshot, finding)
    there = snapshot.engine.cpus if snapshot.engine else 0
    wanted = min(there, max(SMALLEST, FACTOR * container.cpus))
    deep = ("deploy", "resources", "limits", "cpus")
    path = ("cpus",) if service_value(snapshot, container, "cpus") is not None else deep
    written_now = service_value(snapshot, container, *path)
    if written_now is None or wanted <= container.cpus:
        return None
    why = f"{container.cpus:g} CPUs were used up most of the time; {wanted:g} of {there} still leave room for others."
    value = f"{wanted:g}" if isinstance(written_now, str) else wanted
    return recreate(snapshot, finding, {path: value}, why)
