"""The folder behind a named volume does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import start_for_path

PATTERN = re.compile(r"failed to mount local volume: mount (?P<path>/[^:]+):.*no such file or directory")


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


@vol_bind_opt.fix
def start_again(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Start it, where the folder has been made since."""
    container = container_in(snapshot, finding)
    match = PATTERN.search(container.error)
    return start_for_path(snapshot, finding, match["path"]) if match else None
