"""Carry out an approved plan: step by step, journalled before and after each, stopped at the first that fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import AgentError, CheckFailed, InputError
from docker_agent.core.plan import (
    Argv,
    Check,
    Engine,
    Observe,
    Plan,
    Probe,
    Restore,
    Step,
    WaitHealthy,
    Write,
)
from docker_agent.host.check import NamedCheck, run_check
from docker_agent.host.checks import observe, probe_step, wait_healthy
from docker_agent.host.compose_cli import in_short
from docker_agent.host.entry import Entry, StepOutcome
from docker_agent.host.host import Host, Tell
from docker_agent.host.journal import Journal
from docker_agent.host.masks import resolve_new
from docker_agent.host.plan_files import check_files, inside, read_or_none, sha256_of, states_of, written_before
from docker_agent.host.recorder import Recorder
from docker_agent.host.undo import undo_plan

CHECKS = frozenset({"wait_healthy", "probe", "observe", "check"})


class Applied(BaseModel):
    """How carrying out a plan went.

    `verified` is true when every check of the plan held, false when one did not, and null when there was none to make
    or it was not reached. `output` is all that the program of a failed step said. `rolled_back` is how the plan's way
    back went, where a failure made it take that.
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
    rolled_back: Applied | None = None


@dataclass
class Application:
    """One plan being carried out.

    Attributes
    ----------
    root: the project's folder; files outside it are refused.
    resolve: gives the secret value of a mask, just before a file is written.
    tell: gets a line of progress now and then.
    checks: those that domains bring, by name.
    written: SHA-256 of all that the plan has written so far, by file.
    by_itself: whether it is the way back that a failure takes; who takes it holds the failed entry already.
    """

    plan: Plan
    host: Host
    journal: Journal
    root: Path
    resolve: Callable[[str], str]
    tell: Tell
    checks: Mapping[str, NamedCheck] = field(default_factory=dict[str, NamedCheck])
    outcomes: list[StepOutcome] = field(default_factory=list[StepOutcome])
    written: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    by_itself: bool = False

    def run(self, *, by: str, undoes: str = "") -> Applied:
        """Carry the plan out, or what is left of one that stopped in the middle; Ctrl-C stops after recording.

        Where a step or check fails, the plan's own way back is taken at once, as an entry of its own.

        Raises
        ------
        InputError: a file is outside the project, it or an input of the plan is no longer what the plan was made from,
            or what it takes back or goes on with is at work or was taken back; nothing was changed.
        AgentError: the journal cannot be written; what was done until then is in it.
        KeyboardInterrupt: passed on after it was journalled.
        """
        undoes = undoes or self.plan.undoes
        with ExitStack() as held:
            if undoes and not self.by_itself:
                held.enter_context(self._hold_undone(undoes))
            recorder = held.enter_context(self.journal.reopen(self.plan.continues)) if self.plan.continues else None
            done = self._done_before()
            check_files(self.plan, self.root, self.host.reads, self.journal, only_first=self.by_itself)
            self.written = written_before(self.plan, self.journal)
            if recorder is None:
                begun = self.journal.begin(self.plan, by=by, time=self.host.reads.now(), undoes=undoes)
                recorder = held.enter_context(begun)
            return self._run(recorder, done, by)

    def _run(self, recorder: Recorder, done: frozenset[int], by: str) -> Applied:
        try:
            for index, step in enumerate(self.plan.steps):
                if index not in done:
                    self._carry_out(index, step, recorder)
        except AgentError as error:
            was_check = isinstance(error, CheckFailed) and self.outcomes[-1].kind in CHECKS
            applied = self._finish(recorder, "failed", str(error), verified=False if was_check else None)
            output = error.output if isinstance(error, CheckFailed) else ""
            return applied.model_copy(update={"output": output, "rolled_back": self._roll_back(recorder.id, by)})
        except KeyboardInterrupt:
            self._finish(recorder, "interrupted", "Stopped by Ctrl-C.")
            raise
        checked = any(step.kind in CHECKS for step in self.plan.steps)
        return self._finish(recorder, "applied", "", verified=True if checked else None)

    def _hold_undone(self, number: str) -> Recorder:
        """Hold the entry that is taken back: nothing is taken back that goes on still, or twice."""
        if self.journal.entry(number).unended == "running":
            raise InputError(f"Entry {number} is being carried out.", "Wait until it has ended, or stop it first.")
        held = self.journal.reopen(number)
        try:
            _refuse_undone(self.journal.entry(number))
        except InputError:
            held.close()
            raise
        return held

    def _done_before(self) -> frozenset[int]:
        """The steps that the entry which is gone on with has done; held by this process it counts as running."""
        if not self.plan.continues:
            return frozenset()
        entry = self.journal.entry(self.plan.continues)
        _refuse_undone(entry)
        if entry.status not in {"interrupted", "running"} or entry.undo_status or entry.plan.steps != self.plan.steps:
            raise InputError(
                f"Entry {entry.id} is {entry.status}; it cannot be gone on with.", "See `docker-agent log`."
            )
        self.outcomes += [outcome for outcome in entry.steps if outcome.state == "done"]
        return frozenset(outcome.index for outcome in self.outcomes)

    def _roll_back(self, number: str, by: str) -> Applied | None:
        """Take the plan's way back where it has one and anything was begun that changes something."""
        entry = self.journal.entry(number)
        if not self.plan.rollback or not entry.changed:
            return None
        self.tell("It did not hold; going back.")
        plan = undo_plan(entry)
        try:
            return replace(self, plan=plan, outcomes=[], written={}, by_itself=True).run(by=by)
        except AgentError as error:
            return Applied(
                status="failed", entry="", title=plan.title, digest=plan.digest, verified=None, reason=str(error)
            )

    def _carry_out(self, index: int, step: Step, recorder: Recorder) -> None:
        outcome = StepOutcome(index=index, kind=step.kind, state="started")
        started = self.host.reads.now()
        try:
            data = None
            if isinstance(step, Write):
                self._refuse_edited(step)
                data = self._new_bytes(step)
                self.written.setdefault(step.path, set()).add(sha256_of(data))
            recorder.step(outcome, self._keep(step), "none" if _removes(step) else sha256_of(data))
            self.tell(f"[{index + 1}/{len(self.plan.steps)}] {step.why}")
            detail = self._do(step, data)
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
        data = read_or_none(self.host.reads, inside(self.root, step.path))
        return "none" if data is None else self.journal.keep(data)

    def _new_bytes(self, step: Write) -> bytes | None:
        if step.remove:
            return None
        old = read_or_none(self.host.reads, inside(self.root, step.path)) or b""
        text = resolve_new(step.content, old.decode("utf-8", "surrogateescape"), self.resolve)
        return _bytes_of(text, step.path)

    def _refuse_edited(self, step: Write) -> None:
        """A plan may take hours: what somebody wrote since it began is not overwritten either."""
        present = sha256_of(read_or_none(self.host.reads, inside(self.root, step.path)))
        if present not in {step.before, *step.or_before, *self.written.get(step.path, ())}:
            raise _edited_meanwhile(step.path)

    def _do(self, step: Step, data: bytes | None) -> str:
        match step:
            case Argv():
                self.host.changes.run(step, self.tell)
                return in_short(step.argv)
            case Engine():
                return self.host.changes.call(step)
            case Write():
                if data is None:
                    self.host.changes.remove_file(inside(self.root, step.path))
                    return f"{step.path} removed, sha256 none"
                self.host.changes.write_file(inside(self.root, step.path), data, step.mode)
                return f"{step.path} written, sha256 {sha256_of(data)}"
            case Restore():
                return self._put_back(step)
            case WaitHealthy():
                return wait_healthy(step, self.host.reads, self.tell)
            case Probe():
                return probe_step(step, self.host.reads)
            case Observe():
                return observe(step, self.host.reads)
            case Check():
                return run_check(step, self.checks, self.host.reads, self.tell)

    def _put_back(self, step: Restore) -> str:
        path = inside(self.root, step.path)
        present = sha256_of(read_or_none(self.host.reads, path))
        if present not in states_of(self.plan, self.root, path):
            raise _edited_meanwhile(step.path)
        if present == step.kept or present != step.after:
            return f"{step.path} is already as before"
        if not step.kept:
            self.host.changes.remove_file(path)
            return f"{step.path} removed, as before"
        self.host.changes.write_file(path, self.journal.kept(step.kept))
        return f"{step.path} put back, sha256 {step.kept}"

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


def _refuse_undone(entry: Entry) -> None:
    if entry.undone_by:
        raise InputError(f"Entry {entry.id} was undone by entry {entry.undone_by}.", "See `docker-agent log`.")


def _edited_meanwhile(path: str) -> InputError:
    return InputError(
        f"{path} changed while the plan was carried out; it was left alone.",
        "Look at it, and at `docker-agent log` for the copy of what was there before.",
    )


def _removes(step: Step) -> bool:
    return isinstance(step, Write) and step.remove


def _bytes_of(text: str, path: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InputError(f"The new text of {path} holds half a character.", "Ask for the plan again.") from error
