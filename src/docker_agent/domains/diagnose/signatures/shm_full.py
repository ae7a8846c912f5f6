"""Shared memory (/dev/shm) is full."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, host_config, inspected, logged, written
from docker_agent.domains.diagnose.mend import container_in, recreate, say_size
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

PATTERN = re.compile(
    r"could not resize shared memory segment|no space left.{0,80}/dev/shm|/dev/shm.{0,120}no space left"
    r"|shm_open.{0,60}no space|bus error.{0,80}(?:shared memory|shm)",
    re.IGNORECASE,
)
CAUSE = "Databases, browsers and data loaders share memory there and need more."
FIX = "Set shm_size (256m, or 1g for data loaders)."
DEFAULT = 64 * 2**20
FACTOR = 4


@signature(code="shm-full", area="resource")
def shm_full(snapshot: Snapshot) -> Iterator[Finding]:
    """The shared memory of the container is full; it has 64 MiB unless the service says otherwise.

    The message names /dev/shm or a shared memory segment; with another path it is `tmpfs-full` or
    `disk-full-container`.

    Seen
    ----
        ERROR:  could not resize shared memory segment "/PostgreSQL.1448337199" to 50438144 bytes: No space left on device
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        size = shm_size_of(container)
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, "HostConfig.ShmSize", say_size(size)),
            written(snapshot, container, "shm_size"),
            message=f"Shared memory is full; /dev/shm has {say_size(size)}.",
            cause=CAUSE,
            fix=FIX,
            confidence="certain" if snapshot.broken(container) else "possible",
        )
    for refusal in spoken_lines(snapshot, PATTERN):
        yield refusal.found(message="Shared memory (/dev/shm) is full.", cause=CAUSE, fix=FIX, confidence="likely")


@shm_full.fix
def raise_shm(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Four times what it has."""
    container = container_in(snapshot, finding)
    size = shm_size_of(container)
    why = f"{say_size(size)} of shared memory were not enough; it counts towards the memory limit only while used."
    return recreate(snapshot, finding, {("shm_size",): say_size(FACTOR * size)}, why, watch_s=3.0)


def shm_size_of(container: Container) -> int:
    """The size of /dev/shm in bytes."""
    return int(host_config(container).get("ShmSize") or DEFAULT)
