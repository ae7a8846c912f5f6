"""The one door: every tool call, from whichever surface, passes this list of stages.

A stage takes the door and the call; it adds to the call, or raises one of our errors, which ends the call. The last
four stages always run. Redaction comes before trimming, so that no cut can leave half a secret (decision 002).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docker_agent.core.errors import AgentError, Denied, InputError, NeedsApproval
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import Tool
from docker_agent.dispatch.call import Call, Outcome, Screen
from docker_agent.dispatch.foreign import foreign_objects
from docker_agent.dispatch.report import compact, diffs_of, failed, fault, forbidden, masked_plan, report_of, stopped
from docker_agent.host.apply import Application
from docker_agent.host.check import NamedCheck
from docker_agent.host.host import Host
from docker_agent.host.journal import Journal
from docker_agent.host.plan_files import check_files
from docker_agent.host.undo import can_be_undone
from docker_agent.policy.approve import Approver
from docker_agent.policy.audit import AuditLog
from docker_agent.policy.permit import Mode, permit
from docker_agent.policy.redact import Redactor
from docker_agent.policy.taint import Taint, fence
from docker_agent.project.workspace import Workspace

HEAD_SHARE = 0.7
AUDIT_CHARS = 500


@dataclass
class Door:
    """What the stages work with; one for each session.

    Attributes
    ----------
    gate: finds what forbids a deployment, given a plan; a finding at `error` stops it unless its code is overridden.
    explain: names causes, the likeliest first, given what the program of a failed step said.
    checks: those that domains bring for plans to end with, by name.
    overrides: codes that the person chose to override for this session; each use is recorded.
    kept: long answers by cursor, shared with the workspace.
    """

    tools: Mapping[str, Tool]
    workspace: Workspace
    host: Host
    mode: Mode
    screen: Screen
    redactor: Redactor
    taint: Taint
    audit: AuditLog
    journal: Journal
    gate: Callable[[Plan], Iterable[Finding]]
    explain: Callable[[str], Sequence[Finding]] = lambda _said: ()
    checks: Mapping[str, NamedCheck] = field(default_factory=dict[str, NamedCheck])
    overrides: frozenset[str] = frozenset()
    kept: dict[str, str] = field(default_factory=dict[str, str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, name: str, arguments: dict[str, Any], *, by: str, approver: Approver) -> Outcome:
        """Take one call through all stages; never raises for what a call can do wrong.

        Parameters
        ----------
        by: who asks, for the journal and the audit log (`model`, `person`, `mcp`, ...).
        approver: who says yes or no to a plan.
        """
        return self._take(Call(name, arguments, by, approver), STAGES)

    def apply_plan(self, plan: Plan, *, by: str, approver: Approver, undoes: str = "") -> Outcome:
        """Take a plan that exists already (saved, or an undo) through the stages from showing on."""
        call = Call("apply", {"digest": plan.digest}, by, approver, undoes=undoes, plan=plan)
        return self._take(call, STAGES[STAGES.index(show_plan) :])

    def _take(self, call: Call, stages: tuple[Stage, ...]) -> Outcome:
        interrupted = False
        for stage in stages:
            if call.over and stage not in CLOSING:
                continue
            try:
                stage(self, call)
            except AgentError as error:
                call.error = call.error or error
            except KeyboardInterrupt:
                interrupted = True
                call.error = stopped(call.plan, self.journal, begun=stage not in STAGES[: STAGES.index(apply)])
            except Exception as error:  # noqa: BLE001, a fault in one tool must not end the session or go unrecorded
                call.error = call.error or fault(call, error)
        if interrupted:
            raise KeyboardInterrupt(str(call.error))
        return Outcome(
            tool=call.name,
            text=call.text,
            data=call.data,
            is_error=call.error is not None,
            exit_code=call.error.exit_code if call.error else 0,
            plan=call.plan,
            applied=call.applied,
            answer=call.answer,
            error=call.error,
        )

    def keep(self, text: str) -> str:
        """Keep a long answer for reading on; answers its cursor."""
        with self._lock:
            cursor = f"r{len(self.kept) + 1}"
            self.kept[cursor] = text
        return cursor


Stage = Callable[[Door, Call], None]


def validate(door: Door, call: Call) -> None:
    """The tool exists and its arguments fit."""
    call.tool = door.tools.get(call.name)
    if call.tool is None:
        raise InputError(f"There is no tool {call.name!r}.", f"There are: {', '.join(sorted(door.tools))}.")
    call.arguments = call.tool.validate(call.arguments)


def permit_tool(door: Door, call: Call) -> None:
    """A read-only session plans nothing."""
    if call.tool is not None and call.tool.risk is not Risk.READ and door.mode.read_only:
        raise Denied(
            f"{call.name} would change something, and this session is read-only.", "Start without --read-only."
        )


def run_tool(door: Door, call: Call) -> None:
    """Run the function; a READ tool answers, the others plan."""
    if call.tool is None:
        return
    if call.tool.untrusted:
        door.taint.mark(call.tool.untrusted)
    result = call.tool.function(door.workspace, **call.arguments)
    if isinstance(result, Plan):
        call.plan = result
    else:
        call.answer = result


def show_plan(door: Door, call: Call) -> None:
    """Show the plan, redacted, with its digest."""
    if call.plan is not None and call.plan.steps:
        call.diffs = diffs_of(call.plan, door.workspace.root, door.host.reads, door.journal, door.redactor)
        door.screen.show_plan(masked_plan(call.plan, door.redactor), call.plan.digest, call.diffs)


def approve(door: Door, call: Call) -> None:
    """Policies and files first, then a yes for exactly this digest, as the approval table says."""
    plan = call.plan
    if plan is None or not plan.steps:
        return
    _stop_at_policies(door, call, plan)
    check_files(plan, door.workspace.root, door.host.reads, door.journal)
    verdict = permit(
        plan.risk,
        foreign=bool(foreign_objects(door.workspace, plan, tainted=door.taint.tainted)),
        data=bool(plan.data),
        mode=door.mode,
        tainted=door.taint.tainted,
    )
    call.verdict = verdict
    if verdict.kind == "run":
        return
    if verdict.kind == "refuse":
        raise Denied(f"The plan {plan.title!r} is refused: {verdict.reason}")
    if verdict.kind == "save":
        call.saved = str(door.journal.save_plan(plan))
        raise NeedsApproval(
            f"The plan {plan.title!r} needs a person's yes: {verdict.reason}",
            f"Look at it and run `docker-agent apply {plan.digest[:12]}`.",
        )
    answer = call.approver.approve(plan, plan.digest, verdict)
    if not answer.yes or answer.digest != plan.digest:
        call.saved = str(door.journal.save_plan(plan))
        raise Denied(
            f"The plan {plan.title!r} was not approved: {answer.reason or 'no'}",
            f"Nothing was changed. It is saved: `docker-agent apply {plan.digest[:12]}`.",
        )


def apply(door: Door, call: Call) -> None:
    """Carry the approved plan out, journalled."""
    if call.plan is None or not call.plan.steps:
        return
    if call.verdict is not None and call.verdict.kind != "run":
        _stop_at_policies(door, call, call.plan)  # much may have happened while the person thought
    application = Application(
        plan=call.plan,
        host=door.host,
        journal=door.journal,
        root=door.workspace.root,
        resolve=door.redactor.resolve,
        tell=lambda line: door.screen.tell(door.redactor.text(line)),
        checks=door.checks,
    )
    call.applied = application.run(by=call.by, undoes=call.undoes)
    if can_be_undone(door.journal.entry(call.applied.entry)):
        call.undo = f"docker-agent undo {call.applied.entry}"


def verify(_door: Door, call: Call) -> None:
    """A plan whose step or check failed is a failed call."""
    if call.applied is not None and call.applied.status != "applied":
        raise failed(call.applied, call.undo)


def explain_failure(door: Door, call: Call) -> None:
    """Name the cause of a failed step by what its program, or the engine, said."""
    if call.applied is None or call.applied.status != "failed" or call.error is None:
        return
    call.causes = tuple(door.explain(call.applied.output or call.applied.reason))
    for first in call.causes[:1]:
        call.error.message = f"{call.error.message.rstrip('.')}. Cause: {first.cause.rstrip('.')} ({first.code})."
        call.error.next_step = f"{first.fix} {call.error.next_step}"


def redact(door: Door, call: Call) -> None:
    """Every known or recognised secret becomes its mask, in what the model and the person get."""
    answered = call.answer is not None and call.error is None
    call.data = door.redactor.data(call.answer.model_dump(mode="json") if call.answer and answered else report_of(call))
    if call.error is not None:
        call.error.message = door.redactor.text(call.error.message)
        call.error.next_step = door.redactor.text(call.error.next_step)


def trim(door: Door, call: Call) -> None:
    """Cut what the model gets to the tool's budget, with a cursor to read on; fence what is untrusted."""
    text = compact(call.data)
    budget = call.tool.budget_chars if call.tool else 8_000
    if len(text) > budget:
        head, tail = int(budget * HEAD_SHARE), int(budget * (1 - HEAD_SHARE))
        cursor = door.keep(text)
        note = f"\n[... {len(text) - head - tail} of {len(text)} characters left out; read on with guide_read_on"
        text = f"{text[:head]}{note}(cursor={cursor!r}, offset={head}) ...]\n{text[-tail:]}"
    source = call.tool.untrusted if call.tool else ""
    if call.causes or any(call.diffs.values()):
        source = source or ("file contents" if not call.causes else "output of programs")
        door.taint.mark(source)
    call.text = fence(text, source) if source else text


def record(door: Door, call: Call) -> None:
    """One line in the audit log, whatever happened."""
    overridden = sorted(door.overrides) if call.plan is not None else []
    door.audit.append(
        "call",
        time=door.host.reads.now(),
        by=call.by,
        tool=call.name,
        arguments={key: str(value)[:AUDIT_CHARS] for key, value in door.redactor.data(call.arguments).items()},
        risk=str(call.plan.risk if call.plan else call.tool.risk if call.tool else Risk.READ),
        verdict=call.verdict.kind if call.verdict else "refuse" if isinstance(call.error, Denied) else "run",
        digest=call.plan.digest if call.plan else "",
        overrides=overridden,
        entry=call.applied.entry if call.applied else "",
        outcome=call.applied.status if call.applied else ("error" if call.error else "done"),
        error=str(call.error) if call.error else "",
    )


STAGES: tuple[Stage, ...] = (
    validate,
    permit_tool,
    run_tool,
    show_plan,
    approve,
    apply,
    verify,
    explain_failure,
    redact,
    trim,
    record,
)
CLOSING: tuple[Stage, ...] = (explain_failure, redact, trim, record)


def _stop_at_policies(door: Door, call: Call, plan: Plan) -> None:
    stops = [finding for finding in door.gate(plan) if finding.severity is Severity.ERROR]
    call.stops = tuple(finding for finding in stops if finding.code not in door.overrides)
    if call.stops:
        raise forbidden(call.stops)
