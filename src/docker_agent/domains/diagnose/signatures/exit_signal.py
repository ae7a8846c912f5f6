"""A process ended by a signal that nobody sent through the engine."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, happened, inspected, last_line, logged
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import start
from docker_agent.host.models import Container


@signature(code="exit-130", area="process")
def exit_130(snapshot: Snapshot) -> Iterator[Finding]:
    """The process ended by SIGINT, and nobody sent it through the engine.

    Ctrl-C and `docker kill -s INT` leave a kill event and are no fault. Without one, something inside the container
    or a process of the host sent it.
    """
    for container in _unasked(snapshot, 130):
        yield _interrupted(snapshot, container, "130 (SIGINT)")


@signature(code="exit-143", area="process")
def exit_143(snapshot: Snapshot) -> Iterator[Finding]:
    """The process ended by SIGTERM, and nobody stopped the container.

    `docker stop` leaves a kill event with signal 15 and is no fault, nor is code 0 after it. Without one a
    supervisor, a timeout or a script inside sent it, or somebody used kill on the host.
    """
    for container in _unasked(snapshot, 143):
        yield _interrupted(snapshot, container, "143 (SIGTERM)")


@exit_130.fix
@exit_143.fix
def start_again(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Start it again and watch whether it is ended again."""
    container = container_in(snapshot, finding)
    return start(snapshot, finding, container, "It was well until it was told to end; who told it is not known.")


@signature(code="exit-141", area="process")
def exit_141(snapshot: Snapshot) -> Iterator[Finding]:
    """The process ended by SIGPIPE: it wrote to something that had closed.

    In a pipeline with pipefail it is the part before `head`; in a server, a connection or a log pipe that was closed
    while SIGPIPE had its default effect.
    """
    for container, ending in ended(snapshot, 141):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", f"141 (SIGPIPE) after {ending.seconds:.0f} s"),
            logged(snapshot, container, last_line(snapshot, container)),
            message="Ended by SIGPIPE.",
            cause="It wrote to a pipe or a socket whose other end was closed.",
            fix="Ignore SIGPIPE in the program, or mend the pipeline (set +o pipefail where head or grep -q reads).",
            confidence="likely",
        )


def _unasked(snapshot: Snapshot, code: int) -> Iterator[Container]:
    """Containers that ended so lately that their events are known, and with none that says somebody asked for it."""
    for container, ending in ended(snapshot, code):
        if container.status == "exited" and not ending.stopped and happened(snapshot, container, "die"):
            yield container


def _interrupted(snapshot: Snapshot, container: Container, code: str) -> Finding:
    return found(
        snapshot,
        container,
        inspected(snapshot, container, "State.ExitCode", code),
        happened(snapshot, container, "die"),
        message=f"Ended with code {code}, and nobody stopped it through the engine.",
        cause="A script, supervisor or timeout inside it sent the signal, or somebody used kill on the host.",
        fix="Find what sends it; set restart: unless-stopped if it is to go on.",
        confidence="likely",
        severity=Severity.WARN,
    )
