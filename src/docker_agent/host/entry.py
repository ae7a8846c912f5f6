"""One entry of the journal: what was to be done, how far each step came, and how it is read back after any crash."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from docker_agent.core.plan import Plan, Risk, Step, risk_of

StepState = Literal["started", "done", "failed", "interrupted", "not started"]
Status = Literal["running", "applied", "failed", "interrupted"]


class StepOutcome(BaseModel):
    """How one step went; `detail` says what was seen."""

    model_config = ConfigDict(frozen=True)

    index: int
    kind: str
    state: StepState
    detail: str = ""
    seconds: float = 0.0


class Entry(BaseModel):
    """One applied plan as the journal holds it.

    `kept` maps step numbers to the kept copies of replaced files, `intended` to the SHA-256 of what was to be written.
    `undone_steps` are the steps of undos that went only a part of the way, `undo_status` how the newest undo went that
    changed anything.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    time: float
    by: str
    plan: Plan
    status: Status = "running"
    verified: bool | None = None
    reason: str = ""
    undone_by: str = ""
    undoes: str = ""
    undone_steps: tuple[Step, ...] = ()
    undo_status: Status | Literal[""] = ""
    steps: tuple[StepOutcome, ...] = ()
    kept: dict[int, str] = {}
    intended: dict[int, str] = {}

    @property
    def done(self) -> tuple[Step, ...]:
        """The steps that were carried out to their end."""
        return tuple(self.plan.steps[outcome.index] for outcome in self.steps if outcome.state == "done")

    @property
    def changed(self) -> bool:
        """Whether any step was begun that changes something."""
        begun = (self.plan.steps[outcome.index] for outcome in self.steps if outcome.state != "not started")
        return any(risk_of(step) is not Risk.READ for step in begun)

    @property
    def unended(self) -> Literal["running", "interrupted", "failed", ""]:
        """Whether it, or its undo, is being carried out, or stopped in the middle after something was changed.

        What has a way back of its own and failed counts until it was taken back.
        """
        match self.undo_status or self.status:
            case "running":
                return "running"
            case "interrupted" if self.changed:
                return "interrupted"
            case "failed" if self.changed and self.plan.rollback:
                return "failed"
            case _:
                return ""


# Who only looks holds the lock for an instant, shared; that is no reason to say that somebody is at it.
LOCK_S = 0.5
STOPPED: dict[str, Any] = {"end": "interrupted", "verified": None, "reason": "It stopped in the middle."}


def lock(handle: int) -> bool:
    """Take the lock of an open entry file; whether nobody else has it. It ends with the process, however that ends."""
    until = time.monotonic() + LOCK_S
    while not _flock(handle, fcntl.LOCK_EX):
        if time.monotonic() > until:
            return False
        time.sleep(LOCK_S / 50)
    return True


def _flock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_running(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _flock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def read_entry(path: Path) -> Entry | None:
    """An entry from its file: interrupted where it ends in the middle, none where it never began or is damaged."""
    try:
        entry = _entry_of(path.stem, _records(path))
    except (KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
        return None
    if entry is not None and entry.status == "interrupted" and _is_running(path):
        return entry.model_copy(update={"status": "running", "reason": "It is being carried out."})
    return entry


def _entry_of(number: str, records: Iterator[dict[str, Any]]) -> Entry | None:
    first: dict[str, Any] = {}
    last: dict[int, StepOutcome] = {}
    kept: dict[int, str] = {}
    intended: dict[int, str] = {}
    end = STOPPED
    for record in records:
        if "begin" in record:
            first = record
            end = STOPPED
        elif "step" in record:
            end = STOPPED
            outcome = StepOutcome.model_validate(record["step"])
            last[outcome.index] = outcome
            if record["kept"]:
                kept[outcome.index] = record["kept"]
            if record.get("intended"):
                intended[outcome.index] = record["intended"]
        elif "end" in record:
            end = record
    if not first:
        return None
    datetime.fromtimestamp(first["time"], UTC)
    plan = Plan.model_validate(first["begin"])
    if not all(0 <= index < len(plan.steps) for index in last):
        return None
    return Entry(
        id=number,
        time=first["time"],
        by=first["by"],
        plan=plan,
        undoes=first.get("undoes", ""),
        status=end["end"],
        verified=end["verified"],
        reason=end["reason"],
        steps=tuple(
            outcome if outcome.state != "started" else outcome.model_copy(update={"state": "interrupted"})
            for _, outcome in sorted(last.items())
        ),
        kept=kept,
        intended=intended,
    )


def _records(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of an entry's file, up to the first that a crash cut short."""
    try:
        for line in path.read_bytes().split(b"\n"):
            yield json.loads(line)
    except (OSError, ValueError):
        return
