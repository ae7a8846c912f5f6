"""The program uses processor instructions that this machine does not have."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, last_line, logged
from docker_agent.domains.diagnose.snapshot import Snapshot

CODE = 132


@signature(code="exit-132", area="process")
def exit_132(snapshot: Snapshot) -> Iterator[Finding]:
    """The program uses processor instructions that this machine does not have.

    The program was killed by SIGILL. A wrong architecture would not even start: `exit-255-exec-format`.
    """
    for container, _ in ended(snapshot, CODE):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", "132 (SIGILL)"),
            logged(snapshot, container, last_line(snapshot, container)),
            message="Ended by SIGILL.",
            cause="It was built for a newer processor (AVX-512), or the virtual machine hides these instructions.",
            fix="Use a baseline build or an older tag, or let the virtual machine pass the processor through.",
            confidence="likely",
        )
