"""A named volume belongs to root and the container does not run as root."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, inspected, logged, sure, under, written
from docker_agent.domains.diagnose.snapshot import Snapshot

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
