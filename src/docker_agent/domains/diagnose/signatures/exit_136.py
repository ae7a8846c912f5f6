"""The program divided by zero."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, last_line, logged
from docker_agent.domains.diagnose.snapshot import Snapshot

CODE = 136


@signature(code="exit-136", area="process")
def exit_136(snapshot: Snapshot) -> Iterator[Finding]:
    """The program divided by zero.

    Killed by SIGFPE; a fault of the program, rarely of a build for another processor (`exit-132`).
    """
    for container, _ in ended(snapshot, CODE):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", "136 (SIGFPE)"),
            logged(snapshot, container, last_line(snapshot, container)),
            message="Ended by SIGFPE.",
            cause="An integer was divided by zero in native code.",
            fix="Fix the program, or go back to the version before.",
            confidence="likely",
        )
