"""Edits of files beside the compose files: lines added at the end, or a whole new file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.record import field, value
from docker_agent.project.disk import Disk

PRIVATE = 0o600


@value
class FileEdit:
    """Text that goes to the end of a file; the file is made where it is not there.

    Attributes
    ----------
    text: whole lines for a file that is added to; it may hold secrets and is never shown by itself.
    mode: the permissions that the file gets, None for those it has.
    """

    path: Path
    text: str = field(repr=False)
    why: str
    mode: int | None = None


def text_before(path: Path, disk: Disk) -> str:
    """What a file says now, "" where it is not there.

    Raises
    ------
    InputError: it is there and cannot be read, or is no text.
    """
    if not disk.kind(path):
        return ""
    try:
        return disk.read(path).decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8 text.", "Edit it by hand.") from error


def text_after(edits: Sequence[FileEdit], disk: Disk) -> dict[Path, str]:
    """What the files say when the edits are made, by path; text that ends without a line feed gets one first."""
    texts: dict[Path, str] = {}
    for edit in edits:
        before = texts[edit.path] if edit.path in texts else text_before(edit.path, disk)
        texts[edit.path] = f"{before}\n{edit.text}" if before and not before.endswith("\n") else before + edit.text
    return texts
