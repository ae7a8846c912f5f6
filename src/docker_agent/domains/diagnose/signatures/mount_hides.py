"""A folder of the host hides what the image has in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, inspected, logged, under, written
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Mount

PATTERN = re.compile(r"no such file or directory|ENOENT|(?:does not|doesn't) exist|cannot find", re.IGNORECASE)
PATH = re.compile(r"(?<![\w./@+-])/[\w./@+-]+")


@signature(code="mount-hides", area="storage")
def mount_hides(snapshot: Snapshot) -> Iterator[Finding]:
    """A folder of the host is mounted over one of the image, and a file that the program needs is only in the image's.

    The program misses a file under the mount, and the folder on the host has none of that name. A mount that is no
    folder but should be, or the other way round, is `exit-127-mount`; one that is there and may not be read `perm-bind`.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        if not snapshot.broken(container) or not snapshot.owns_file_of(container):
            continue
        missed = [
            (path, mount)
            for path in PATH.findall(line.text)
            for mount in container.mounts
            if _lacks(snapshot, mount, path)
        ]
        if not missed:
            continue
        path, mount = missed[0]
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, f"Mounts[{mount.target}].Source", mount.source),
            written(snapshot, container, "volumes"),
            message=f"It misses {path}: the host's folder is mounted over {mount.target} and has no such file.",
            cause="A bind mount hides everything that the image has at that place; nothing is merged.",
            fix=f"Mount only the file or subfolder that is yours, not all of {mount.target}, or copy the rest into it.",
            confidence="likely",
        )


def _lacks(snapshot: Snapshot, mount: Mount, path: str) -> bool:
    """Whether a path of the container lies under a bind mount of a folder of the host that does not have it."""
    disk = snapshot.model.disk if snapshot.model else None
    if disk is None or mount.kind != "bind" or not under(path, mount.target) or path.rstrip("/") == mount.target:
        return False
    source = Path(mount.source)
    return disk.kind(source) == "folder" and not disk.kind(source / path.removeprefix(mount.target).lstrip("/"))
