"""A volume of the project is used by nothing, and a newer one is mounted where data are missed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.nearest import nearest
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected, label, written
from docker_agent.domains.diagnose.snapshot import Snapshot, seconds_of
from docker_agent.host.models import Container, Volume

PROJECT = "com.docker.compose.project"
KEY = "com.docker.compose.volume"


@signature(code="vol-renamed", area="storage")
def vol_renamed(snapshot: Snapshot) -> Iterator[Finding]:
    """A volume of the project is used by no container and declared no more, and a service has a newer one instead.

    So it looks when a volume was renamed in the compose file: the service starts empty, and the data are still there.
    The old name must be like the new one, or like what it is for: the service or the folder. Others are just left over.
    A volume that does not exist at all is `vol-missing`.
    """
    if snapshot.stack is None or snapshot.partial:
        return
    used = {mount.name for each in (*snapshot.containers, *snapshot.others) for mount in each.mounts if mount.name}
    keys = snapshot.stack.model.volumes
    declared = {volume.name for volume in keys.values()}
    own = [each for each in snapshot.volumes if each.labels.get(PROJECT) == snapshot.stack.name]
    unused = [each for each in own if each.name not in used | declared]
    left = [each for each in unused if each.labels.get(KEY, "") not in {"", *keys}]
    mine = {each.name: each for each in own}
    for container in snapshot.containers:
        fresh = [mine[mount.name] for mount in container.mounts if mount.name in mine]
        for new in fresh:
            old = next((each for each in left if _older(each, new) and _alike(each, new, container)), None)
            if old is None:
                continue
            yield found(
                snapshot,
                container,
                Evidence(source="inspect", where=f"volume {old.name} CreatedAt", quote=old.created_at),
                inspected(snapshot, container, f"volume {new.name} CreatedAt", new.created_at),
                written(snapshot, container, "volumes"),
                message=f"Nothing uses the older volume {old.name}; {label(snapshot, container)} has {new.name} instead.",
                cause="Renaming a volume in the compose file makes a new, empty one; the old one keeps its data.",
                fix=f"If the data are missed: give the volume its old name back (or `name: {old.name}`) and make the "
                "service new; copy what was written since.",
                confidence="possible",
                severity=Severity.WARN,
            )
            left.remove(old)


def _older(old: Volume, new: Volume) -> bool:
    first, second = seconds_of(old.created_at), seconds_of(new.created_at)
    return bool(first and second) and first < second


def _alike(old: Volume, new: Volume, container: Container) -> bool:
    """Whether the key of the old volume is like the new one's, or says the service or the folder of the mount."""
    key = old.labels.get(KEY, "").lower()
    folders = [each.target.rstrip("/").rpartition("/")[2] for each in container.mounts if each.name == new.name]
    return container.service in re.split(r"[-_.]", key) or bool(nearest(key, (new.labels.get(KEY, ""), *folders)))
