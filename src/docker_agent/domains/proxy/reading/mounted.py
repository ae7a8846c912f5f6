"""Files that a container sees and this machine can read: those of its bind mounts."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from docker_agent.core.errors import InputError
from docker_agent.host.host import Reads
from docker_agent.host.models import Container


def mounted_files(reads: Reads, container: Container, pattern: str) -> Iterator[tuple[str, str]]:
    """The files at a path inside a container, which may have wildcards in its last part: path inside, and text.

    Nothing where they lie in the image or cannot be read.
    """
    seen: dict[str, Path] = {}
    folder, name = PurePosixPath(pattern).parent, PurePosixPath(pattern).name
    for mount in sorted(container.mounts, key=lambda each: len(each.target)):
        if mount.kind != "bind" or not mount.source:
            continue
        target = PurePosixPath(mount.target)
        if folder.is_relative_to(target):
            here = Path(mount.source) / folder.relative_to(target)
            seen |= {str(folder / path.name): path for path in reads.find_files(here, name)}
        elif fnmatchcase(mount.target, pattern):
            seen[mount.target] = Path(mount.source)
    for inside, path in sorted(seen.items()):
        try:
            yield inside, reads.read_file(path).decode("utf-8", "replace")
        except InputError:
            continue
