"""A long-running service ended by itself, with success."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, last_line, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot


@signature(code="exit-0-unexpected", area="process")
def exit_0_unexpected(snapshot: Snapshot) -> Iterator[Finding]:
    """The main process ended with 0 though the service should keep running.

    Told from a finished job by what only a long-running service has: published ports or a health check. A stop by a
    person leaves a stop event and is no fault. With `restart: always` it would loop: `restart-loop-exit0`.
    """
    for container, ending in ended(snapshot, 0):
        published = any(port.host_port for port in container.ports)
        expected = published or container.health_test or snapshot.is_waited_for(container)
        if container.status != "exited" or ending.stopped or container.error or ending.oom or not expected:
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", f"0 after {ending.seconds:.0f} s"),
            logged(snapshot, container, last_line(snapshot, container)),
            written(snapshot, container, "command") or written(snapshot, container, "image"),
            message="It ended by itself with code 0, though others expect it to run.",
            cause="The main process went into the background, or the command does one thing and ends.",
            fix="Run it in the foreground (nginx -g 'daemon off;'), or take out ports and health check if it is a job.",
            confidence="likely",
            severity=Severity.ERROR,
        )
