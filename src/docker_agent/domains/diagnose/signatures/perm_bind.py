"""A folder of the host belongs to another user."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, inspected, logged, sure, under, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"permission denied|EACCES", re.IGNORECASE)


@signature(code="perm-bind", area="storage")
def perm_bind(snapshot: Snapshot) -> Iterator[Finding]:
    """The path lies under a bind mount, and the container runs as another user than the folder's owner.

    Under a named volume it is `perm-named-volume`, elsewhere `perm-rootfs`.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        mount = next((each for each in container.mounts if each.kind == "bind" and under(line.text, each.target)), None)
        if (
            mount is None
            or container.user in {"0", "root"}
            or (not container.user and container.raw.get("ProcessLabel"))
        ):
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, "Config.User", container.user or "the image's default"),
            written(snapshot, container, "user") or written(snapshot, container, "volumes"),
            message=f"It may not use {mount.target} as user {container.user or 'of the image'}.",
            cause="The folder on the host belongs to another user id than the one the container runs as.",
            fix="Set `user:` to the folder's owner, or chown the folder on the host; never chmod 777.",
            confidence=sure(snapshot, container),
        )
