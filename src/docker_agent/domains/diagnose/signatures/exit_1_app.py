"""The application ended with an error of its own."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected, last_line, logged
from docker_agent.domains.diagnose.snapshot import Snapshot

TOLD_ELSEWHERE = {0, 126, 127, 130, 132, 134, 135, 136, 137, 139, 143}


@signature(code="exit-1-app", area="process")
def exit_1_app(snapshot: Snapshot) -> Iterator[Finding]:
    """The application ended with a code of its own choosing; the end of its log is all there is to go by.

    The most general signature: it counts only where no other explains the container.
    """
    for container in snapshot.containers:
        ending = snapshot.ending(container)
        if ending is None or ending.code in TOLD_ELSEWHERE or container.error or snapshot.recovered(container):
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", f"{ending.code} after {ending.seconds:.0f} s"),
            logged(snapshot, container, last_line(snapshot, container)),
            message=f"The application ended with code {ending.code}.",
            cause="The application gave up; its last line says what it thought.",
            fix="Read the log (stack_logs) and correct the configuration or the code.",
            confidence="possible",
            severity=Severity.ERROR,
        )
