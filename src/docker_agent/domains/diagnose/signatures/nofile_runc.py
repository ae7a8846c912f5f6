"""The limit of open files is too low for the container even to start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import failed_starts, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"too many open files")


@signature(code="nofile-runc", area="resource")
def nofile_runc(snapshot: Snapshot) -> Iterator[Finding]:
    """The limit of open files is too low for the container even to start.

    The runtime itself runs out of descriptors; an application that does later is `nofile`.
    """
    for container, _ in failed_starts(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            written(snapshot, container, "ulimits"),
            message="The container cannot start with so few open files allowed.",
            cause="ulimits.nofile is below about 20.",
            fix="Raise ulimits.nofile (65536 is usual).",
        )
