"""The audit log: one JSON line for each call, each holding the hash of the one before."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from docker_agent.core.errors import AgentError, CheckFailed

FIRST = "0" * 64
TAIL_BYTES = 1 << 20


class AuditLog:
    """An append-only log whose chain shows any line that was changed, removed or inserted.

    Parameters
    ----------
    path: the log file, made on first writing, 0600 in a 0700 folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Add one record; two processes at once keep one chain.

        Raises
        ------
        AgentError: it cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "rb+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
                last = _last_line(file.read())
                record = {"kind": kind, **fields, "previous": _hash(last) if last else FIRST}
                torn = last is not None and not last.endswith(b"\n")
                line = json.dumps(record, ensure_ascii=False, sort_keys=True).encode() + b"\n"
                file.write(b"\n" + line if torn else line)
        except OSError as error:
            raise AgentError(
                f"The audit log {self.path} cannot be written: {error.strerror}.",
                "Free some space, or set DOCKER_AGENT_STATE to another folder.",
            ) from error
        return record

    def records(self) -> list[dict[str, Any]]:
        """All records that can be read, oldest first."""
        found: list[dict[str, Any]] = []
        for line in self._lines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def verify(self) -> int:
        """Check the chain; answers how many records it holds.

        Raises
        ------
        CheckFailed: a line was changed, removed or inserted, or is torn; the message names the first such line.
        """
        previous = FIRST
        lines = self._lines()
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
            except ValueError:
                raise CheckFailed(
                    f"Line {number} of {self.path} is torn or damaged.", "The others can be read."
                ) from None
            if record.get("previous") != previous:
                raise CheckFailed(
                    f"Line {number} of {self.path} does not follow the line before it.", "It was altered."
                )
            previous = _hash(line)
        return len(lines)

    def _lines(self) -> list[bytes]:
        if not self.path.exists():
            return []
        return [line for line in self.path.read_bytes().splitlines() if line]


def _last_line(data: bytes) -> bytes | None:
    lines = [line for line in data.splitlines(keepends=True) if line.strip()]
    return lines[-1] if lines else None


def _hash(line: bytes) -> str:
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()
