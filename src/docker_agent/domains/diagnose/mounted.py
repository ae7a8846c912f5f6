"""Files of the project that containers have mounted: scripts that a plan can correct where they lie."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from docker_agent.core.errors import InputError
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container
from docker_agent.project.workspace import is_within


def mounted_file(snapshot: Snapshot, container: Container, inside: str) -> Path | None:
    """The project's own file behind a path in a container, None where it is in the image, a volume or elsewhere."""
    stack = snapshot.stack
    if stack is None or stack.model.disk is None or not inside.startswith("/"):
        return None
    path = PurePosixPath(inside)
    for mount in sorted(container.mounts, key=lambda each: -len(each.target)):
        if path.is_relative_to(mount.target):
            found = Path(mount.source) / path.relative_to(mount.target)
            ours = mount.kind == "bind" and is_within(stack.root, str(found))
            return found if ours and stack.model.disk.kind(found) == "file" else None
    return None


def text_of(snapshot: Snapshot, path: Path) -> str:
    """What a file of the project says; "" for one that is no text, or cannot be read."""
    disk = snapshot.model.disk if snapshot.model else None
    try:
        text = disk.read(path).decode() if disk else ""
    except (InputError, UnicodeDecodeError):
        return ""
    return "" if "\0" in text else text
