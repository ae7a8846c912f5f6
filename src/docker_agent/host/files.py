"""Read and find files, and write them whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Literal

from docker_agent.core.errors import AgentError, InputError

LARGEST_BYTES = 16 * 1024 * 1024
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "vendor"})
MOST_FILES = 2_000

FileKind = Literal["file", "folder", "other", ""]


def read_file(path: Path) -> bytes:
    """The bytes of a regular file of at most 16 MiB.

    Raises
    ------
    InputError: it is not there, not a regular file, too large or not readable.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise InputError(f"{path} is not a regular file.")
        if size > LARGEST_BYTES:
            raise InputError(f"{path} has {size} bytes; more than 16 MiB are not read.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "the name is no name for a file"
        raise InputError(f"{path} cannot be read: {why}.", "Check the name and the permissions.") from error


def project_folder(given: Path) -> Path:
    """The folder that somebody gave for the project's, as a full path.

    Raises
    ------
    InputError: it is not there, or no folder.
    """
    try:
        root = given.resolve()
    except OSError as error:
        raise InputError(
            "The folder of this shell is gone.", "Change to the project's folder, or give it with -C."
        ) from error
    if not root.is_dir():
        raise InputError(f"{root} is not a folder.", "Give the project's folder with -C.")
    return root


def find_files(root: Path, pattern: str) -> list[Path]:
    """Files below a folder that match a glob such as `**/*.yml`.

    Hidden and vendored folders are left out, and what a link leads to outside the folder.
    """
    found: list[Path] = []
    with suppress(OSError, ValueError, NotImplementedError):
        home = root.resolve()
        for path in root.glob(pattern):
            inside = path.is_file() and path.resolve().is_relative_to(home)
            if inside and not is_skipped(path.relative_to(root)):
                found.append(path)
            if len(found) >= MOST_FILES:
                break
    return sorted(found)


def file_kind(path: Path) -> FileKind:
    """What a path leads to, links followed; "" for nothing, or nothing that may be looked at."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"


def file_mode(path: Path) -> int:
    """The permission bits of what a path leads to, 0 where nothing is."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except (OSError, ValueError):
        return 0


def is_skipped(path: PurePath) -> bool:
    """Whether a path inside a project lies in a hidden or vendored folder."""
    return any(part.startswith(".") or part in SKIPPED_FOLDERS for part in path.parts[:-1])


def write_file(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a whole file atomically: temporary file beside it, fsync, rename; a link is written through.

    The old file's mode and owner are kept unless `mode` says otherwise; a new file gets 0644. What a process that was
    killed has left beside the file goes.

    Raises
    ------
    AgentError: the disk is full or the folder cannot be written; the old file is whole.
    """
    temporary = ""
    try:
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        known = target.stat() if target.exists() else None
        prefix = f".{target.name[:80]}.writing-"
        _remove_abandoned(target.parent, prefix)
        beside = target.parent / f"{prefix}{os.getpid()}-{os.urandom(6).hex()}"
        handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        temporary = str(beside)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode if mode is not None else stat.S_IMODE(known.st_mode) if known else 0o644)
        if known is not None and (known.st_uid, known.st_gid) != (os.geteuid(), os.getegid()):
            with suppress(PermissionError):
                os.chown(temporary, known.st_uid, known.st_gid)
        Path(temporary).replace(target)
    except (OSError, ValueError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else "the name is no name for a file"
        raise AgentError(
            f"{path} could not be written: {why}. What was there is unchanged.",
            "Free some space or fix the permissions, then try again.",
        ) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _remove_abandoned(folder: Path, prefix: str) -> None:
    """Remove temporary files whose writers have ended."""
    for each in folder.iterdir():
        pid = each.name.removeprefix(prefix).partition("-")[0]
        if each.name.startswith(prefix) and pid.isdecimal() and len(pid) < 10:
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                each.unlink(missing_ok=True)
            except OSError:
                continue


def remove_file(path: Path) -> None:
    """Remove one file; a missing one is fine.

    Raises
    ------
    AgentError: it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise AgentError(f"{path} could not be removed: {error.strerror}.", "Check the permissions.") from error
