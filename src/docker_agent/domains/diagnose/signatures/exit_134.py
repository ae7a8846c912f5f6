"""The program aborted itself."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, last_line, logged
from docker_agent.domains.diagnose.snapshot import Snapshot

CODE = 134


@signature(code="exit-134", area="process")
def exit_134(snapshot: Snapshot) -> Iterator[Finding]:
    """The program aborted itself.

    The program called abort(): an assertion, a damaged heap or a runtime's fatal error, which the log tells.
    `exit-134-node-heap` is one with a known reason.
    """
    for container, _ in ended(snapshot, CODE):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", "134 (SIGABRT)"),
            logged(snapshot, container, last_line(snapshot, container)),
            message="Ended by SIGABRT.",
            cause="An assertion failed or a runtime gave up; the lines before in the log say why.",
            fix="Read the end of the log; for heap messages raise the runtime's heap limit.",
            confidence="likely",
        )
