"""Something writes to a mount that is read-only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import closed_mount, complaints, found, inspected, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"read-only file ?system|EROFS", re.IGNORECASE)


@signature(code="ro-mount", area="storage")
def ro_mount(snapshot: Snapshot) -> Iterator[Finding]:
    """The path in the message lies under a mount that the service mounts read-only.

    A message without a whole path is about the working folder.
    Outside of any mount it is `ro-rootfs`.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        mount = closed_mount(container, line.text)
        if mount is None:
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, f"Mounts[{mount.target}].RW", "false"),
            written(snapshot, container, "volumes"),
            message=f"It writes to {mount.target}, which is mounted read-only.",
            cause="The entry under volumes ends with :ro (or says read_only: true).",
            fix="Take :ro away if it may write there, or point the application to another folder.",
            confidence="certain" if snapshot.broken(container) else "possible",
        )
