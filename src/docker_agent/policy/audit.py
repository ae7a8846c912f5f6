"""The audit log: one JSON line for each call, each holding its own hash and that of the line before."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO, cast

from docker_agent.core.errors import AgentError, CheckFailed
from docker_agent.core.plan import digest_of

FIRST = "0" * 64
TAIL_BYTES = 1 << 16


class AuditLog:
    """An append-only log whose chain shows any line that was changed, inserted or removed, but for the last ones.

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
                last = _last_line(file)
                record = {**fields, "kind": kind, "previous": _hash(last) if last else FIRST}
                record.pop("hash", None)
                record["hash"] = digest_of(record)
                line = json.dumps(record, ensure_ascii=False, sort_keys=True).encode("utf-8", "backslashreplace")
                file.write(b"\n" * (last != b"" and not last.endswith(b"\n")) + line + b"\n")
        except OSError as error:
            raise AgentError(
                f"The audit log {self.path} cannot be written: {error.strerror}.",
                "Free some space, or set DOCKER_AGENT_STATE to another folder.",
            ) from error
        return record

    def records(self) -> list[dict[str, Any]]:
        """All records that can be read, oldest first."""
        return [record for record in map(_record_of, self._lines()) if record is not None]

    def verify(self) -> int:
        """Check the chain; answers how many records it holds.

        Raises
        ------
        CheckFailed: a line was changed, removed or inserted, or is torn; the message names the first such line.
        """
        previous = FIRST
        lines = self._lines()
        for number, line in enumerate(lines, 1):
            record = _record_of(line)
            if record is None:
                raise CheckFailed(f"Line {number} of {self.path} is torn or damaged.", "The others can be read.")
            if record.pop("hash", "") != digest_of(record):
                raise CheckFailed(f"Line {number} of {self.path} is not what was written.", "It was altered.")
            if record.get("previous") != previous:
                raise CheckFailed(
                    f"Line {number} of {self.path} does not follow the line before it.", "One was removed or inserted."
                )
            previous = _hash(line)
        return len(lines)

    def _lines(self) -> list[bytes]:
        return [line for line in self.path.read_bytes().split(b"\n") if line] if self.path.exists() else []


def _record_of(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return cast("dict[str, Any]", record) if isinstance(record, dict) else None


def _last_line(file: BinaryIO) -> bytes:
    """The last line that is not empty, however long it is, with its line break where it has one."""
    size = file.seek(0, os.SEEK_END)
    window = TAIL_BYTES
    while True:
        file.seek(max(0, size - window))
        tail = file.read()
        body = tail.rstrip(b"\n")
        if b"\n" in body or window >= size:
            return body.rpartition(b"\n")[2] + (b"\n" if body and body != tail else b"")
        window *= 4


def _hash(line: bytes) -> str:
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()
