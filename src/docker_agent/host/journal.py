"""The journal: what was changed, step by step, with the replaced files kept, so that it can be undone after any crash.

One JSON-lines file for each applied plan, each line flushed to disk before the next step starts.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from pydantic import ValidationError

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.plan import Plan, Step
from docker_agent.host.entry import Entry, read_entry
from docker_agent.host.files import read_file, write_file
from docker_agent.host.recorder import Recorder, cannot_write, end_with_a_line, sync

DIGEST = re.compile(r"[0-9a-f]{8,64}")


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
        number = 1 + max((int(path.stem) for path in entries.glob("*.jsonl") if path.stem.isdecimal()), default=0)
        while True:
            path = entries / f"{number}.jsonl"
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            except FileExistsError:
                number += 1
                continue
            except OSError as error:
                raise cannot_write(path, error) from error
            break
        recorder = Recorder(str(number), path, handle)
        sync(entries)
        recorder.write({"begin": plan.model_dump(mode="json"), "by": by, "time": time, "undoes": undoes})
        return recorder

    def reopen(self, number: str) -> Recorder:
        """Hold an entry, to go on with it where it stopped in the middle or to take it back.

        A line that a crash cut short goes, so that what is written now is not lost behind it.

        Raises
        ------
        InputError: there is no such entry, or somebody else is at it.
        """
        path = self.folder / "entries" / f"{self.entry(number).id}.jsonl"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise cannot_write(path, error) from error
        recorder = Recorder(number, path, handle)
        try:
            if not recorder.mine:
                raise InputError(
                    f"Entry {number} is being carried out by another process.", "Wait, or stop that one first."
                )
            end_with_a_line(path, handle)
        except AgentError:
            recorder.close()
            raise
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
        """A plan by the start of its digest (8 hexadecimal digits or more), or by a path to its file.

        A digest is only looked for among the saved plans, so that no other file can stand in for one. A path, a word
        with a separator or one that ends in `.json`, may lead anywhere; ask `is_saved` what came of it.

        Raises
        ------
        InputError: there is none, more than one fits, it is not a plan, or it was altered after it was saved.
        """
        digest = word.lower()
        if DIGEST.fullmatch(digest):
            fitting = sorted((self.folder / "plans").glob(f"{digest[:12]}*.json"))
        else:
            is_path = os.sep in word or word.endswith(".json")
            fitting, digest = [Path(word)] if is_path and _is_file(Path(word)) else [], ""
        if len(fitting) > 1:
            raise InputError(f"More than one saved plan is called {word!r}.", "Give more of the digest.")
        plan = self._plan_in(fitting[0]) if fitting else None
        if plan is None or not plan.digest.startswith(digest):
            raise InputError(f"No saved plan is called {word!r}.", "See `docker-agent log` for what is waiting.")
        return plan

    def is_saved(self, plan: Plan) -> bool:
        """Whether exactly this plan was saved here and is unaltered; false for one that came from a file elsewhere."""
        try:
            return self._plan_in(self.folder / "plans" / f"{plan.digest[:12]}.json").digest == plan.digest
        except InputError:
            return False

    def is_ours(self, plan: Plan) -> bool:
        """Whether a plan was saved here.

        Raises
        ------
        InputError: one from elsewhere speaks of this journal: what it says of itself would be believed.
        """
        is_saved = self.is_saved(plan)
        if not is_saved and (plan.record or plan.undoes or plan.continues):
            raise InputError(
                f"The plan {plan.title!r} says that it is a release, deployment or way back, and was not made here.",
                "Ask for it here: docker-agent release, docker-agent stack deploy or docker-agent undo.",
            )
        return is_saved

    def waiting(self) -> list[Plan]:
        """Saved plans that were not applied yet, newest first."""
        applied = {entry.plan.digest for entry in self.entries()}
        files = sorted((self.folder / "plans").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        plans: list[Plan] = []
        for path in files:
            try:
                plan = self._plan_in(path)
            except InputError:
                continue
            if plan.digest not in applied:
                plans.append(plan)
        return plans

    def entries(self) -> list[Entry]:
        """All entries that can be read, oldest first; one that ends in the middle is shown as interrupted."""
        entries = [entry for entry in map(read_entry, self._entry_files()) if entry is not None]
        last = {each.undoes: each.status for each in entries if each.undoes and (each.changed or each.unended)}
        undone = {entry.undoes: entry.id for entry in entries if entry.undoes and entry.status == "applied"}
        steps: dict[str, tuple[Step, ...]] = {}
        for entry in entries:
            if entry.undoes:
                steps[entry.undoes] = steps.get(entry.undoes, ()) + entry.done
        return [
            entry.model_copy(
                update={
                    "undone_by": undone.get(entry.id, ""),
                    "undone_steps": steps.get(entry.id, ()),
                    "undo_status": last.get(entry.id, ""),
                },
            )
            for entry in entries
        ]

    def damaged(self) -> list[str]:
        """Numbers of the entries that cannot be read any more, oldest first; `entries` leaves these out."""
        return [path.stem for path in self._entry_files() if read_entry(path) is None]

    def entry(self, number: str = "") -> Entry:
        """One entry by its number, or the newest that changed something, or may have, and was not undone.

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
            begun = any(step.state in {"done", "interrupted"} for step in entry.steps)
            if begun and not entry.undoes and not entry.undone_by:
                return entry
        raise InputError("The journal has nothing to undo.", "See `docker-agent log`.")

    def _entry_files(self) -> list[Path]:
        paths = [path for path in (self.folder / "entries").glob("*.jsonl") if path.stem.isdecimal()]
        return sorted(paths, key=lambda path: int(path.stem))

    def _plan_in(self, path: Path) -> Plan:
        """The plan in a file; a saved one must still have the digest that it is named after."""
        try:
            plan = Plan.model_validate_json(read_file(path))
        except ValidationError as error:
            raise InputError(f"{path} is not a plan.", "Ask for the plan again.") from error
        is_ours = path.resolve().parent == (self.folder / "plans").resolve()
        if is_ours and not plan.digest.startswith(path.stem):
            raise InputError(f"{path} was altered after it was saved.", "Ask for the plan again.")
        return plan

    def _make(self, name: str) -> Path:
        path = self.folder / name
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
        except OSError as error:
            raise cannot_write(path, error) from error
        return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
