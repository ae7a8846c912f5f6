"""A tmpfs mount is full."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, inspected, logged, tmpfs_of, under, written
from docker_agent.domains.diagnose.mend import container_in, recreate, say_size, service_value
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"no space left on device", re.IGNORECASE)
FACTOR = 4
SMALLEST = 64 * 2**20
SIZES = {"k": 2**10, "m": 2**20, "g": 2**30, "": 1}


@signature(code="tmpfs-full", area="resource")
def tmpfs_full(snapshot: Snapshot) -> Iterator[Finding]:
    """A memory file system with a size limit is full.

    The path in the message lies under a tmpfs mount; elsewhere it is `disk-full-container`, under /dev/shm `shm-full`.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        target = next((each for each in tmpfs_of(container) if under(line.text, each)), "")
        if not target:
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, f"HostConfig.Tmpfs[{target}]", tmpfs_of(container)[target] or "no size"),
            written(snapshot, container, "tmpfs") or written(snapshot, container, "volumes"),
            message=f"The memory file system at {target} is full.",
            cause="Its size limit is lower than what is written there.",
            fix="Raise its size, or use a volume for large files.",
            confidence="certain" if snapshot.broken(container) else "possible",
        )


@tmpfs_full.fix
def raise_tmpfs(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Four times the size, at least 64 MiB, written where the old size is."""
    container = container_in(snapshot, finding)
    written_now = service_value(snapshot, container, "tmpfs")
    entries = [written_now] if isinstance(written_now, str) else list(written_now or [])
    for index, entry in enumerate(entries):
        size = re.search(r"size=(\d+)([kmg]?)b?", str(entry), re.IGNORECASE)
        if not size or str(entry).split(":")[0] not in finding.message:
            continue
        now = int(size[1]) * SIZES[size[2].lower()]
        larger = str(entry).replace(size[0], f"size={say_size(max(SMALLEST, FACTOR * now))}")
        path = ("tmpfs",) if isinstance(written_now, str) else ("tmpfs", index)
        why = f"{say_size(now)} were not enough; the memory counts only while it is used."
        return recreate(snapshot, finding, {path: larger}, why, watch_s=3.0)
    return None
