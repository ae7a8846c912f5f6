"""The main process was killed from outside."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, happened, inspected, killed_for_memory
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import start

SIGTERM = 15
ENGINE = "Killed through the engine."
HOST = "Killed, and not through the engine."
UNKNOWN = "Killed; the engine does not remember any more by whom."


@signature(code="exit-137-kill", area="process")
def exit_137_kill(snapshot: Snapshot) -> Iterator[Finding]:
    """Something killed the main process: `docker kill`, a kill on the host, or the host's own out-of-memory killer.

    There is neither an oom event of this container (`exit-137-oom`) nor a SIGTERM before (`exit-137-stop-timeout`).
    Without any kill event the host ran out of memory, or somebody used kill there; its kernel log knows.
    The engine remembers its last 256 events, of all containers together: where not even the end is among them, nobody
    can tell any more.
    """
    for container, ending in ended(snapshot, 137):
        if killed_for_memory(snapshot, container, ending) or any(signal == SIGTERM for _, signal in ending.signals):
            continue
        by_engine = ending.stopped
        known = by_engine or happened(snapshot, container, "die") is not None
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", "137, OOMKilled false"),
            happened(snapshot, container, "kill"),
            message=ENGINE if by_engine else HOST if known else UNKNOWN,
            cause=(
                "Somebody or something sent SIGKILL with docker kill."
                if by_engine
                else "The host ran out of memory and chose this process, or somebody killed it on the host."
                if known
                else "docker kill, a stop that it did not heed, a kill on the host, or the host ran out of memory."
            ),
            fix=(
                "Start it again if that was not meant."
                if by_engine
                else "Look in the host's kernel log for `Out of memory`; give containers limits that fit the host."
            ),
            confidence="certain" if by_engine else "possible",
            severity=Severity.WARN if by_engine else None,
        )


@exit_137_kill.fix
def start_again(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Start what somebody killed through the engine; what the host killed would be killed again."""
    container = container_in(snapshot, finding)
    ending = snapshot.ending(container)
    if container.running or ending is None or not ending.stopped:
        return None
    return start(snapshot, finding, container, "It was killed through the engine, and nothing was wrong with it.")
