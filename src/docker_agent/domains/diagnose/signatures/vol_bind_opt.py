"""The folder behind a named volume does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import failed_starts, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"failed to mount local volume: mount /[^:]+:.*no such file or directory")


@signature(code="vol-bind-opt", area="storage")
def vol_bind_opt(snapshot: Snapshot) -> Iterator[Finding]:
    """The folder behind a named volume does not exist.

    A local volume with `o: bind` needs its device path; unlike a plain bind mount it is never created. `vol-
    nfs` is the same for a remote share.
    """
    for container, _ in failed_starts(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            written(snapshot, container, "volumes"),
            message="The folder behind a volume is missing on the host.",
            cause="The volume's driver options name a device path that does not exist.",
            fix="Create the folder with the right owner, then start again.",
        )
