"""A remote share behind a volume cannot be mounted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"failed to mount local volume: mount :.*: (?P<why>no such device|connection refused|permission denied"
    r"|no route to host|connection timed out|protocol not supported)"
)


@signature(code="vol-nfs", area="storage")
def vol_nfs(snapshot: Snapshot) -> Iterator[Finding]:
    """A remote share behind a volume cannot be mounted.

    The mount error says why: no such device (no NFS client on the host), connection refused or no route (server
    down), permission denied (export).

    Seen
    ----
        failed to mount local volume: mount :/p:/var/lib/docker/volumes/v/_data, data: addr=127.0.0.1: no such device
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("volumes"),
            message=f"A remote volume cannot be mounted: {refusal.match['why']}.",
            cause="The server is down, does not export this path to this host, or the host has no NFS client.",
            fix="Install the NFS client, check the export and the address in the volume's driver options.",
        )
