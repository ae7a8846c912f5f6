"""The journal: what was changed, step by step, with the replaced files kept, so that it can be undone after any crash.

One JSON-lines file for each applied plan, each line flushed to disk before the next step starts.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.plan import Argv, Engine, Plan, Restore, Step, Write
from docker_agent.host.entry import Entry, Status, StepOutcome, read_entry
from docker_agent.host.files import write_file


class Journal:
    """The journal of one project, in a folder that only its owner can read.

    Parameters
    ----------
    folder: made on first writing, mode 0700.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, plan: Plan, *, by: str, time: float, undoes: str = "") -> Recorder:
        """Open a new entry; numbers count up and are never used twice, also with two processes at once."""
        entries = self._make("entries")
        number = 1 + max((int(path.stem) for path in entries.glob("*.jsonl") if path.stem.isdigit()), default=0)
        while True:
            path = entries / f"{number}.jsonl"
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            except FileExistsError:
                number += 1
                continue
            except OSError as error:
                raise _cannot_write(path, error) from error
            break
        os.close(handle)
        recorder = Recorder(str(number), path)
        recorder.write({"begin": plan.model_dump(mode="json"), "by": by, "time": time, "undoes": undoes})
        return recorder

    def keep(self, data: bytes) -> str:
        """Keep a copy of a file's bytes; answers its id, the SHA-256."""
        name = hashlib.sha256(data).hexdigest()
        path = self._make("kept") / name
        if not path.exists():
            write_file(path, data, 0o600)
        return name

    def kept(self, name: str) -> bytes:
        """The bytes of a kept copy.

        Raises
        ------
        InputError: it is not there, or is not what it was.
        """
        path = self.folder / "kept" / name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"The kept copy {name[:12]} is gone.", "It cannot be put back by undo.") from error
        if hashlib.sha256(data).hexdigest() != name:
            raise InputError(f"The kept copy {name[:12]} is damaged.", "It cannot be put back by undo.")
        return data

    def save_plan(self, plan: Plan) -> Path:
        """Save a plan that awaits a yes; its file's name is the start of its digest."""
        path = self._make("plans") / f"{plan.digest[:12]}.json"
        write_file(path, plan.model_dump_json(indent=2).encode(), 0o600)
        return path

    def load_plan(self, word: str) -> Plan:
        """A saved plan, by file path or by the start of its digest.

        Raises
        ------
        InputError: there is none, more than one fits, it is not a plan, or it was altered after it was saved.
        """
        path = Path(word)
        if not _is_file(path):
            fitting = sorted((self.folder / "plans").glob(f"{word}*.json")) if word.isalnum() else []
            if len(fitting) != 1:
                what = "No saved plan" if not fitting else "More than one saved plan"
                raise InputError(f"{what} is called {word!r}.", "See `docker-agent log` for what is waiting.")
            path = fitting[0]
        try:
            plan = Plan.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise InputError(f"{path} is not a plan.", "Ask for the plan again.") from error
        if len(path.stem) >= 12 and path.parent.name == "plans" and not plan.digest.startswith(path.stem):
            raise InputError(f"{path} was altered after it was saved.", "Ask for the plan again.")
        return plan

    def waiting(self) -> list[Plan]:
        """Saved plans that were not applied yet, newest first."""
        applied = {entry.plan.digest for entry in self.entries()}
        files = sorted((self.folder / "plans").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        plans: list[Plan] = []
        for path in files:
            try:
                plan = Plan.model_validate_json(path.read_bytes())
            except (OSError, ValidationError):
                continue
            if plan.digest not in applied:
                plans.append(plan)
        return plans

    def entries(self) -> list[Entry]:
        """All entries, oldest first; one that ends in the middle is shown as interrupted."""
        paths = [path for path in (self.folder / "entries").glob("*.jsonl") if path.stem.isdigit()]
        found = [read_entry(path) for path in sorted(paths, key=lambda path: int(path.stem))]
        entries = [entry for entry in found if entry is not None]
        undone = {entry.undoes: entry.id for entry in entries if entry.undoes and entry.status == "applied"}
        return [entry.model_copy(update={"undone_by": undone.get(entry.id, "")}) for entry in entries]

    def entry(self, number: str = "") -> Entry:
        """One entry by its number, or the newest that changed something and was not undone.

        Raises
        ------
        InputError: there is none.
        """
        entries = self.entries()
        if number:
            for entry in entries:
                if entry.id == number:
                    return entry
            raise InputError(f"The journal has no entry {number!r}.", "See `docker-agent log`.")
        for entry in reversed(entries):
            if not entry.undoes and not entry.undone_by and any(step.state == "done" for step in entry.steps):
                return entry
        raise InputError("The journal has nothing to undo.", "See `docker-agent log`.")

    def _make(self, name: str) -> Path:
        path = self.folder / name
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
        except OSError as error:
            raise _cannot_write(path, error) from error
        return path


class Recorder:
    """Writes one entry as its plan is carried out."""

    def __init__(self, number: str, path: Path) -> None:
        self.id = number
        self._path = path

    def write(self, record: dict[str, Any]) -> None:
        """Add one line and wait until it is on disk.

        Raises
        ------
        AgentError: the disk is full or the folder is gone; the step it announces must not start.
        """
        line = (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        try:
            with self._path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def step(self, outcome: StepOutcome, kept: str = "") -> None:
        """Record how far a step is, with the kept copy of what it replaces."""
        self.write({"step": outcome.model_dump(), "kept": kept})

    def finish(self, status: Status, *, verified: bool | None, reason: str) -> None:
        """Close the entry."""
        self.write({"end": status, "verified": verified, "reason": reason})


def undo_plan(entry: Entry) -> Plan:
    """The plan that reverses what an entry did: files first, as they were, then each other step's own undo, last first.

    Raises
    ------
    InputError: it was undone already, did nothing, or nothing of it has an undo.
    """
    if entry.undone_by:
        raise InputError(f"Entry {entry.id} was undone by entry {entry.undone_by}.", "See `docker-agent log`.")
    touched = [outcome.index for outcome in entry.steps if outcome.state in {"done", "failed", "interrupted"}]
    steps = [(index, entry.plan.steps[index]) for index in reversed(touched)]
    files = [_restore(index, step, entry) for index, step in steps if isinstance(step, Write) and index in entry.kept]
    others = [step.undo for _, step in steps if isinstance(step, Argv | Engine) and step.undo is not None]
    unique: dict[str, Step] = {step.model_dump_json(): step for step in others}
    if not files and not unique:
        raise InputError(f"Entry {entry.id} has nothing that can be undone.", "See `docker-agent log`.")
    return Plan(
        title=f"Undo of {entry.id}: {entry.plan.title}",
        project=entry.plan.project,
        reason=f"Puts back what entry {entry.id} changed.",
        steps=(*files, *unique.values()),
        foreign=entry.plan.foreign,
    )


def _restore(index: int, step: Write, entry: Entry) -> Restore:
    return Restore(
        path=step.path,
        kept=entry.kept[index].removeprefix("none"),
        after=_written(index, entry),
        why=f"{step.path} as it was before entry {entry.id}.",
        touches=step.touches,
    )


def _written(index: int, entry: Entry) -> str:
    details = [outcome.detail for outcome in entry.steps if outcome.index == index and outcome.state == "done"]
    return details[-1].rpartition(" ")[2] if details and "sha256" in details[-1] else ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _cannot_write(path: Path, error: OSError) -> AgentError:
    return AgentError(
        f"The journal {path} cannot be written: {error.strerror}. Nothing more was changed.",
        "Free some space, or set DOCKER_AGENT_STATE to another folder.",
    )
