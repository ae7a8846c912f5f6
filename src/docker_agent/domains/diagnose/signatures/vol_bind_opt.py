"""The folder behind a named volume does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"failed to mount local volume: mount /[^:]+:.*no such file or directory")


@signature(code="vol-bind-opt", area="storage")
def vol_bind_opt(snapshot: Snapshot) -> Iterator[Finding]:
    """The folder behind a named volume does not exist.

    A local volume with `o: bind` needs its device path; unlike a plain bind mount it is never created. `vol- nfs` is
    the same for a remote share.

    Seen
    ----
        failed to mount local volume: mount /nope:/var/lib/docker/volumes/v/_data: no such file or directory
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("volumes"),
            message="The folder behind a volume is missing on the host.",
            cause="The volume's driver options name a device path that does not exist.",
            fix="Create the folder with the right owner, then start again.",
        )
