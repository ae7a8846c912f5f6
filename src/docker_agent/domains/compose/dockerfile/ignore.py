"""What `.dockerignore` keeps out of a build context."""

from __future__ import annotations

import re
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
    path = ignore_file(disk, build)
    if path is None:
        return False
    try:
        lines = disk.read(path).decode("utf-8", "replace").splitlines()
    except InputError:
        return False
    return is_ignored(name, lines)


def is_ignored(name: str, patterns: list[str]) -> bool:
    """Whether a path fits the patterns of a `.dockerignore`, as itself or as something inside a folder that fits."""
    ignored = False
    parts = name.split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    for line in patterns:
        pattern = line.strip()
        wanted = not pattern.startswith("!")
        pattern = pattern.lstrip("!").strip().removeprefix("./").strip("/")
        if pattern and not pattern.startswith("#") and wanted is not ignored:
            matches = re.compile(_as_regex(pattern)).fullmatch
            if any(matches(path) for path in above):
                ignored = wanted
    return ignored


def _as_regex(pattern: str) -> str:
    """Go's file patterns, and `**` for any number of folders."""
    pieces = re.split(r"(\*\*/?|\*|\?|\[[^\]]*\])", pattern)
    meaning = {"**/": r"(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(piece, piece if piece.startswith("[") else re.escape(piece)) for piece in pieces)
