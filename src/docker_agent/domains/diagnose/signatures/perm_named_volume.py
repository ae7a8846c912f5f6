"""A named volume belongs to root and the container does not run as root."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, inspected, logged, sure, under, written
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import own_volume

PATTERN = re.compile(r"permission denied|EACCES", re.IGNORECASE)


@signature(code="perm-named-volume", area="storage")
def perm_named_volume(snapshot: Snapshot) -> Iterator[Finding]:
    """The path lies under a named volume, whose top folder is root's unless the image has it with another owner.

    Under a bind mount it is `perm-bind`, elsewhere `perm-rootfs`.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        mount = next(
            (each for each in container.mounts if each.kind == "volume" and under(line.text, each.target)), None
        )
        if mount is None or container.user in {"0", "root"}:
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, "Config.User", container.user or "the image's default"),
            written(snapshot, container, "user") or written(snapshot, container, "volumes"),
            message=f"It may not use {mount.target} as user {container.user or 'of the image'}.",
            cause="A fresh volume takes owner and mode of the image's folder at that place; without one it is root's.",
            fix="Create and chown the folder in the Dockerfile, or chown it once with a container that runs as root.",
            confidence=sure(snapshot, container),
        )


@perm_named_volume.fix
def own_top(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Give the user the top folder of the volume, where it was that folder, or an entry right in it, that was denied."""
    container = container_in(snapshot, finding)
    lines = [line.text for each, line, _ in complaints(snapshot, PATTERN) if each is container]
    for mount in container.mounts:
        top = rf"(?<![\w/.-]){re.escape(mount.target.rstrip('/'))}(?:/[^\s/:'\"]*)?(?![\w/.-])"
        if mount.kind == "volume" and not mount.read_only and any(re.search(top, line) for line in lines):
            return own_volume(snapshot, finding, mount)
    return None
