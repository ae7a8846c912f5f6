"""Carry out an approved plan: step by step, journalled before and after each, stopped at the first that fails."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import AgentError, CheckFailed, InputError
from docker_agent.core.plan import Argv, Engine, Observe, Plan, Probe, Restore, Step, WaitHealthy, Write
from docker_agent.host.checks import observe, probe_step, wait_healthy
from docker_agent.host.entry import StepOutcome
from docker_agent.host.host import Host, Tell
from docker_agent.host.journal import Journal, Recorder
from docker_agent.host.masks import resolve_new

STACK_OPTIONS = frozenset({"--project-directory", "-f", "-p"})
CHECKS = frozenset({"wait_healthy", "probe", "observe"})


class Applied(BaseModel):
    """How carrying out a plan went.

    `verified` is true when every check of the plan held, false when one did not, and null when there was none to make
    or it was not reached. `output` is all that the program of a failed step said.
    """

    model_config = ConfigDict(frozen=True)

    status: Literal["applied", "failed", "interrupted"]
    entry: str
    title: str
    digest: str
    verified: bool | None
    reason: str = ""
    output: str = ""
    steps: tuple[StepOutcome, ...] = ()


@dataclass
class Application:
    """One plan being carried out.

    Attributes
    ----------
    root: the project's folder; files outside it are refused.
    resolve: gives the secret value of a mask, just before a file is written.
    tell: gets a line of progress now and then.
    """

    plan: Plan
    host: Host
    journal: Journal
    root: Path
    resolve: Callable[[str], str]
    tell: Tell
    outcomes: list[StepOutcome] = field(default_factory=list[StepOutcome])

    def run(self, *, by: str, undoes: str = "") -> Applied:
        """Carry the plan out; Ctrl-C stops after recording what was done.

        Raises
        ------
        InputError: a file is outside the project, or it or an input of the plan is no longer what the plan was made
            from; nothing was changed.
        AgentError: the journal cannot be written; what was done until then is in it.
        KeyboardInterrupt: passed on after it was journalled.
        """
        self._check_files()
        recorder = self.journal.begin(self.plan, by=by, time=self.host.reads.now(), undoes=undoes)
        try:
            for index, step in enumerate(self.plan.steps):
                self._carry_out(index, step, recorder)
        except AgentError as error:
            was_check = isinstance(error, CheckFailed) and self.outcomes[-1].kind in CHECKS
            applied = self._finish(recorder, "failed", str(error), verified=False if was_check else None)
            return applied.model_copy(update={"output": error.output if isinstance(error, CheckFailed) else ""})
        except KeyboardInterrupt:
            self._finish(recorder, "interrupted", "Stopped by Ctrl-C.")
            raise
        checked = any(step.kind in CHECKS for step in self.plan.steps)
        return self._finish(recorder, "applied", "", verified=True if checked else None)

    def _check_files(self) -> None:
        for name, expected in self.plan.inputs.items():
            self._check_file(name, self.root / name, {expected})
        seen: set[Path] = set()
        for step in self.plan.steps:
            if isinstance(step, Write | Restore):
                path = inside(self.root, step.path)
                if path not in seen and isinstance(step, Write):
                    self._check_file(step.path, path, {step.before})
                elif path not in seen:
                    self._check_unedited(step.path, path)
                seen.add(path)

    def _check_file(self, name: str, path: Path, expected: set[str]) -> None:
        if self._digest(path) not in expected:
            raise InputError(f"{name} changed since the plan was made; nothing was done.", "Ask for the plan again.")

    def _check_unedited(self, name: str, path: Path) -> None:
        """Refuse to put back a file that somebody edited since, and say where the copy of it lies."""
        if self._digest(path) in self._states(path):
            return
        oldest = [step.kept for step in self.plan.steps if isinstance(step, Restore) and step.path == name][-1]
        copy = self.journal.folder / "kept" / oldest
        by_hand = f"Compare: diff {shlex.quote(str(copy))} {shlex.quote(name)}; where the copy is wanted, copy it back."
        raise InputError(
            f"{name} changed since the plan wrote it; nothing was done.",
            by_hand if oldest else f"{name} was not there before; remove it by hand where it is not wanted.",
        )

    def _states(self, path: Path) -> set[str]:
        """SHA-256 of all that a file may hold while the plan puts it back step by step; "" stands for no file."""
        steps = [step for step in self.plan.steps if isinstance(step, Restore)]
        mine = [step for step in steps if inside(self.root, step.path) == path]
        return {state for step in mine for state in (step.after, step.kept)}

    def _carry_out(self, index: int, step: Step, recorder: Recorder) -> None:
        outcome = StepOutcome(index=index, kind=step.kind, state="started")
        started = self.host.reads.now()
        try:
            data = self._new_bytes(step) if isinstance(step, Write) else None
            recorder.step(outcome, self._keep(step), _sha256(data))
            self.tell(f"[{index + 1}/{len(self.plan.steps)}] {step.why}")
            detail = self._do(step, data or b"")
        except (AgentError, KeyboardInterrupt) as error:
            state = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            self._note(recorder, outcome, state, str(error), started)
            raise
        self._note(recorder, outcome, "done", detail, started)

    def _note(
        self,
        recorder: Recorder,
        outcome: StepOutcome,
        state: Literal["done", "failed", "interrupted"],
        detail: str,
        started: float,
    ) -> None:
        seconds = round(self.host.reads.now() - started, 2)
        ended = outcome.model_copy(update={"state": state, "detail": detail, "seconds": seconds})
        self.outcomes.append(ended)
        recorder.step(ended)

    def _keep(self, step: Step) -> str:
        if not isinstance(step, Write | Restore):
            return ""
        data = self._read(inside(self.root, step.path))
        return "none" if data is None else self.journal.keep(data)

    def _new_bytes(self, step: Write) -> bytes:
        old = self._read(inside(self.root, step.path)) or b""
        text = resolve_new(step.content, old.decode("utf-8", "surrogateescape"), self.resolve)
        return _bytes_of(text, step.path)

    def _do(self, step: Step, data: bytes) -> str:
        match step:
            case Argv():
                self.host.changes.run(step, self.tell)
                return _in_short(step.argv)
            case Engine():
                return self.host.changes.call(step)
            case Write():
                self.host.changes.write_file(inside(self.root, step.path), data, step.mode)
                return f"{step.path} written, sha256 {_sha256(data)}"
            case Restore():
                return self._put_back(step)
            case WaitHealthy():
                return wait_healthy(step, self.host.reads, self.tell)
            case Probe():
                return probe_step(step, self.host.reads)
            case Observe():
                return observe(step, self.host.reads)

    def _put_back(self, step: Restore) -> str:
        path = inside(self.root, step.path)
        present = self._digest(path)
        if present not in self._states(path):
            raise InputError(f"{step.path} changed while the plan was carried out; it was left alone.", "Look at it.")
        if present == step.kept or present != step.after:
            return f"{step.path} is already as before"
        if not step.kept:
            self.host.changes.remove_file(path)
            return f"{step.path} removed, as before"
        self.host.changes.write_file(path, self.journal.kept(step.kept))
        return f"{step.path} put back, sha256 {step.kept}"

    def _digest(self, path: Path) -> str:
        return _sha256(self._read(path))

    def _read(self, path: Path) -> bytes | None:
        """The bytes of a file, none where it is not there; one that is there and cannot be read is no blank page."""
        try:
            return self.host.reads.read_file(path)
        except InputError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    def _finish(
        self,
        recorder: Recorder,
        status: Literal["applied", "failed", "interrupted"],
        reason: str,
        *,
        verified: bool | None = None,
    ) -> Applied:
        begun = {outcome.index for outcome in self.outcomes}
        for index, step in enumerate(self.plan.steps):
            if index not in begun:
                self.outcomes.append(StepOutcome(index=index, kind=step.kind, state="not started"))
        recorder.finish(status, verified=verified, reason=reason)
        return Applied(
            status=status,
            entry=recorder.id,
            title=self.plan.title,
            digest=self.plan.digest,
            verified=verified,
            reason=reason,
            steps=tuple(self.outcomes),
        )


def _in_short(argv: Sequence[str]) -> str:
    """A command without the options by which Compose finds the stack."""
    words = list(argv)
    while words[:2] == ["docker", "compose"] and words[2:3] and words[2] in STACK_OPTIONS:
        del words[2:4]
    return shlex.join(words)


def _sha256(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()


def _bytes_of(text: str, path: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InputError(f"The new text of {path} holds half a character.", "Ask for the plan again.") from error


def inside(root: Path, path: str) -> Path:
    """A path of the project, with links followed.

    Raises
    ------
    InputError: it leads outside the project's folder.
    """
    try:
        target = (root / path).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path!r} is no name for a file.", "Name a file inside the project.") from error
    if not target.is_relative_to(root.resolve()):
        raise InputError(f"{path} is outside the project {root}; it is left alone.", "Name a file inside the project.")
    return target
