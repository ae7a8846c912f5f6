"""The main process was killed because the container's memory limit was reached."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import (
    Confidence,
    ended,
    found,
    happened,
    inspected,
    killed_for_memory,
    loops_for_memory,
    written,
)
from docker_agent.domains.diagnose.mend import DEPLOY_MEMORY, raise_memory, say_size
from docker_agent.domains.diagnose.snapshot import Ending, Snapshot
from docker_agent.host.models import Container


@signature(code="exit-137-oom", area="process")
def exit_137_oom(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel killed the main process because the container reached its memory limit.

    Told by exit code 137 together with State.OOMKilled or an `oom` event of the same run; likely it is also where a
    limited container was killed and nobody did it through the engine, or runs again at its limit and no event tells of
    its last end any more. 137 without these is `exit-137-kill` or, after an ignored SIGTERM, `exit-137-stop-timeout`;
    OOMKilled with another exit code is a child that was killed: `oom-child-exit0`.
    """
    for container, told, confidence in _killed(snapshot):
        limit = say_size(container.memory_limit) if container.memory_limit else "none"
        yield found(
            snapshot,
            container,
            told,
            happened(snapshot, container, "oom"),
            happened(snapshot, container, "die"),
            written(snapshot, container, "mem_limit") or written(snapshot, container, *DEPLOY_MEMORY),
            message=f"Killed for memory: the limit is {limit}.",
            cause="The main process needed more memory than the container's limit allows.",
            fix="Raise the memory limit, or make the application use less (heap size, workers, caches).",
            confidence=confidence,
        )


def _killed(snapshot: Snapshot) -> Iterator[tuple[Container, Evidence, Confidence]]:
    for container, ending in ended(snapshot, 137):
        confidence = killed_for_memory(snapshot, container, ending)
        if confidence is not None:
            yield container, _told(snapshot, container, ending), confidence
    for container in snapshot.containers:
        if loops_for_memory(snapshot, container):
            yield container, inspected(snapshot, container, "State.OOMKilled", "true, and restarted before"), "likely"


def _told(snapshot: Snapshot, container: Container, ending: Ending) -> Evidence:
    if not ending.oom:
        return inspected(
            snapshot, container, "HostConfig.Memory", f"{container.memory_limit}, killed, and not through the engine"
        )
    return inspected(
        snapshot, container, "State.OOMKilled", "true" if container.oom_killed else "true in the run before"
    )


@exit_137_oom.fix
def raise_limit(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Four times the limit, at least 64 MiB and at most half of the host's memory."""
    return raise_memory(snapshot, finding)
