"""The program touched memory that its file behind it could not give."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, last_line, logged
from docker_agent.domains.diagnose.snapshot import Snapshot

CODE = 135


@signature(code="exit-135", area="process")
def exit_135(snapshot: Snapshot) -> Iterator[Finding]:
    """The program touched memory that its file behind it could not give.

    Killed by SIGBUS, most often by a full /dev/shm (64 MiB by default), which `shm-full` proves from the log.
    """
    for container, _ in ended(snapshot, CODE):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", "135 (SIGBUS)"),
            logged(snapshot, container, last_line(snapshot, container)),
            message="Ended by SIGBUS.",
            cause="Shared memory or the disk behind a mapped file is full, or the file was cut while in use.",
            fix="Set shm_size (256m and more for databases and browsers), and check the free disk space.",
            confidence="likely",
        )
