"""The application ended with an error of its own."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.log_patterns import weight_of
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected, label, last_line, logged
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.telling import is_chatter
from docker_agent.host.models import Container, LogLine

ERROR = 2
TRACE_LINES = 200
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
        name = label(snapshot, container)
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", f"{ending.code} after {ending.seconds:.0f} s"),
            *(logged(snapshot, container, line) for line in _worth_quoting(snapshot, container)),
            message=f"The application ended with code {ending.code}.",
            cause="The application gave up; its log says what it thought.",
            fix=f"Read the log (docker-agent stack logs {name} --tail 200000 --group) and correct the configuration or the code.",
            confidence="possible",
            severity=Severity.ERROR,
        )


def _worth_quoting(snapshot: Snapshot, container: Container) -> list[LogLine]:
    """The first line of an error in the last run, what its last traceback ends with, and the last line, each once."""
    lines = snapshot.runs.get(container.name, ())
    errors = [line for line in lines if weight_of(line.text) >= ERROR and not is_chatter(line.text)]
    traces = [line.number for line in errors if line.text.startswith("Traceback ")]
    raised = [
        line
        for line in errors
        if traces and traces[-1] < line.number <= traces[-1] + TRACE_LINES and not line.text[:1].isspace()
    ]
    chosen = (*errors[:1], *raised[:1], last_line(snapshot, container))
    return sorted({line for line in chosen if line}, key=lambda line: line.number)
