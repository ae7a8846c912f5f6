"""The file system has space, but no room for another file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import tmpfs_of, under
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?:\btouch: |(?:can't|cannot|could not|failed to) (?:create|touch|open) (?:regular |temporary )?(?:file )?\W?/)"
    r"[^\n]{0,300}No space left on device",
    re.IGNORECASE | re.MULTILINE,
)


@signature(code="disk-full-inodes", area="storage")
def disk_full_inodes(snapshot: Snapshot) -> Iterator[Finding]:
    """Not even an empty file can be made, although there may be space: the inodes are used up.

    A full disk still lets empty files be made and fails when data is written (`disk-full-container`). `df -i` shows
    100 % where `df` shows space.

    Seen
    ----
        touch: /d/5: No space left on device
        sh: can't create /d/y: No space left on device
        cp: can't create '/d/z': No space left on device
    """
    for refusal in heard(snapshot, PATTERN):
        quote, container = refusal.evidence.quote, refusal.container
        if container and any(under(quote, each) for each in tmpfs_of(container)):
            continue
        yield refusal.found(
            message="No further file can be made on the disk that it writes to.",
            cause="The file system has used up its inodes, mostly by very many small files.",
            fix="Compare `df -i` with `df -h`; remove small files (sessions, caches), or make it with more inodes.",
            confidence="likely",
        )
