"""The disk behind the container is full."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import sure, tmpfs_of, under
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"no space left on device|ENOSPC|disk quota exceeded", re.IGNORECASE)
NOT_DISK = re.compile(r"file watchers|inotify|/dev/shm|shared memory", re.IGNORECASE)


@signature(code="disk-full-container", area="storage")
def disk_full_container(snapshot: Snapshot) -> Iterator[Finding]:
    """The host's disk, or the disk of a volume, has no space or no inodes left.

    The path in the message is neither under a tmpfs (`tmpfs-full`) nor under /dev/shm (`shm-full`), and it is not
    about file watchers (`inotify-watches`). Several containers complain at the same time. Where not even an empty
    file can be made it is `disk-full-inodes`, where the engine itself says it `disk-full-engine`.

    Seen
    ----
        dd: error writing '/big': No space left on device
    """
    for refusal in heard(snapshot, PATTERN):
        line, container = refusal.evidence.quote, refusal.container
        if NOT_DISK.search(line) or (container and any(under(line, each) for each in tmpfs_of(container))):
            continue
        yield refusal.found(
            message="There is no space left on the disk that it writes to.",
            cause="The host's disk (or its inodes) is full: images, logs, build cache or data.",
            fix="See what takes the space (disk tools), remove what is unused, and rotate logs.",
            confidence=sure(snapshot, container) if container else "likely",
        )
