"""The restart policy has used up its tries."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected, last_line, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot


@signature(code="onfailure-exhausted", area="process")
def onfailure_exhausted(snapshot: Snapshot) -> Iterator[Finding]:
    """`restart: on-failure:N` has tried N times and leaves the container down.

    General: why it failed each time is told by the exit code or the log, and such a signature comes before.
    """
    for container in snapshot.containers:
        exhausted = container.restart_max and container.restart_count >= container.restart_max
        if container.status != "exited" or not exhausted or container.exit_code == 0:
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "RestartCount", f"{container.restart_count} of {container.restart_max}"),
            logged(snapshot, container, last_line(snapshot, container)),
            written(snapshot, container, "restart"),
            message=f"All {container.restart_max} tries failed, the last with code {container.exit_code}; it is down.",
            cause="The process fails each time; the restart policy gave up.",
            fix="Find out why it fails (last line of the log), correct it, and start it: that resets the counter.",
            confidence="possible",
        )
