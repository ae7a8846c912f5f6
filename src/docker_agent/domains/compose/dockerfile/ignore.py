"""What `.dockerignore` keeps out of a build context."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.domains.compose.dockerfile.build import ImageBuild
from docker_agent.project.disk import Disk


def ignore_file(disk: Disk, build: ImageBuild) -> Path | None:
    """The file that holds for a build: the Dockerfile's own, else that of the context, None where neither is there."""
    own = [build.path.with_name(f"{build.path.name}.dockerignore")] if build.path else []
    shared = [build.context / ".dockerignore"] if build.context else []
    return next((path for path in (*own, *shared) if disk.kind(path) == "file"), None)


def ignores(disk: Disk, build: ImageBuild, name: str) -> bool:
    """Whether a path of the context is kept out; the last pattern that fits decides."""
    return is_ignored(name, _patterns(disk, build))


def ignores_all(disk: Disk, build: ImageBuild, name: str) -> bool:
    """Whether a path of the context is kept out with everything in it: no pattern makes an exception."""
    patterns = _patterns(disk, build)
    return is_ignored(name, patterns) and not any(line.strip().startswith("!") for line in patterns)


def _patterns(disk: Disk, build: ImageBuild) -> list[str]:
    path = ignore_file(disk, build)
    try:
        return disk.read(path).decode("utf-8", "replace").splitlines() if path else []
    except InputError:
        return []


def is_ignored(name: str, patterns: list[str]) -> bool:
    """Whether a path fits the patterns of a `.dockerignore`, as itself or as something inside a folder that fits."""
    ignored = False
    parts = name.split("/")
    for line in patterns:
        pattern = line.strip()
        wanted = not pattern.startswith("!")
        pattern = pattern.lstrip("!").strip().removeprefix("./").strip("/")
        if pattern and not pattern.startswith("#") and wanted is not ignored:
            pieces = pattern.split("/")
            if any(_fits(parts[:length], pieces) for length in range(1, len(parts) + 1)):
                ignored = wanted
    return ignored


def _fits(parts: list[str], pieces: list[str]) -> bool:
    """Whether the parts of a path fit the pieces of a pattern, `**` standing for any number of them."""
    reached = {0}
    for piece in pieces:
        if piece == "**":
            reached = set(range(min(reached), len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], piece)}
        if not reached:
            return False
    return len(parts) in reached
