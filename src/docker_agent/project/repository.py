"""What Git knows of a file: whether it is tracked, and where its repository begins."""

from __future__ import annotations

from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.project.disk import Disk

NAME_MASK = 0xFFF
FIRST_COMPRESSED = 4


def repository_root(disk: Disk, folder: Path) -> Path | None:
    """The folder that the repository around a folder begins in, None where there is none or it lies elsewhere."""
    return next((each for each in (folder, *folder.parents) if disk.kind(each / ".git") == "folder"), None)


def is_tracked(disk: Disk, root: Path, file: Path) -> bool | None:
    """Whether a file is in a repository's index; None where the index cannot be read."""
    try:
        index = disk.read(root / ".git" / "index")
        name = file.relative_to(root).as_posix().encode()
    except (InputError, ValueError):
        return None
    if index[:4] != b"DIRC" or int.from_bytes(index[4:8]) >= FIRST_COMPRESSED:
        return None
    position = index.find(name + b"\0")
    while position > 0:
        if int.from_bytes(index[position - 2 : position]) & NAME_MASK == min(len(name), NAME_MASK):
            return True
        position = index.find(name + b"\0", position + 1)
    return False


def commit_of(disk: Disk, root: Path) -> str:
    """The commit that a repository stands at, "" where that cannot be read."""
    try:
        head = disk.read(root / ".git" / "HEAD").decode("ascii", "replace").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        if disk.kind(root / ".git" / name) == "file":
            return disk.read(root / ".git" / name).decode("ascii", "replace").strip()
        packed = disk.read(root / ".git" / "packed-refs").decode("utf-8", "replace").splitlines()
    except InputError:
        return ""
    return next((line.partition(" ")[0] for line in packed if line.endswith(f" {name}")), "")


def ignore_patterns(disk: Disk, root: Path, file: Path) -> list[str]:
    """The patterns of every `.gitignore` from the root down to a file's folder, each as a path below the root."""
    found: list[str] = []
    folders = [folder for folder in file.parents if folder == root or root in folder.parents]
    for folder in reversed(folders):
        path = folder / ".gitignore"
        if disk.kind(path) != "file":
            continue
        prefix = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
        for line in disk.read(path).decode("utf-8", "replace").splitlines():
            pattern = line.strip()
            if pattern and not pattern.startswith("#"):
                negation, pattern = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
                anywhere = "" if "/" in pattern.rstrip("/") else "**/"
                found.append(f"{negation}{prefix}{anywhere}{pattern.lstrip('/')}")
    return found
