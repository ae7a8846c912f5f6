"""Writing one entry of the journal: a line at a time, on disk before the next step starts, held against all others."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from docker_agent.core.errors import AgentError
from docker_agent.host.entry import Status, StepOutcome, lock


class Recorder:
    """Writes one entry as its plan is carried out.

    Programs that the plan starts inherit the entry's handle, and with it the lock: where this process is killed, the
    entry counts as being carried out until the last of them has ended.
    """

    def __init__(self, number: str, path: Path, handle: int = -1) -> None:
        self.id = number
        self._path = path
        self._handle = handle
        if handle >= 0:
            os.set_inheritable(handle, True)
        self.mine = handle < 0 or lock(handle)

    def __enter__(self) -> Self:
        """Hold the entry until the block ends."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go of the entry."""
        self.close()

    def close(self) -> None:
        """Let go of the entry; the system does it for a process that is killed."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def write(self, record: dict[str, Any]) -> None:
        """Add one line and wait until it is on disk.

        Raises
        ------
        AgentError: the disk is full or the folder is gone; the step it announces must not start.
        """
        line = (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        try:
            with self._path.open("ab", buffering=0) as file:
                whole = file.seek(0, os.SEEK_END)
                is_whole = file.write(line) == len(line)
                if not is_whole:
                    file.truncate(whole)
                os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write(self._path, error) from error
        if not is_whole:
            raise cannot_write(self._path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def step(self, outcome: StepOutcome, kept: str = "", intended: str = "") -> None:
        """Record how far a step is, with the kept copy of what it replaces and the SHA-256 of what it will write."""
        self.write({"step": outcome.model_dump(), "kept": kept, "intended": intended})

    def finish(self, status: Status, *, verified: bool | None, reason: str) -> None:
        """Close the entry."""
        self.write({"end": status, "verified": verified, "reason": reason})


def sync(folder: Path) -> None:
    """Have a new file's name on disk too."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def end_with_a_line(path: Path, handle: int) -> None:
    """Drop the line at the end of an entry's file that was cut short.

    Raises
    ------
    AgentError: the file cannot be read or written.
    """
    try:
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(handle, whole)
            os.fsync(handle)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> AgentError:
    """The error for a journal that cannot be written."""
    return AgentError(
        f"The journal {path} cannot be written: {error.strerror}. Nothing more was changed.",
        "Free some space, or set DOCKER_AGENT_STATE to another folder.",
    )
