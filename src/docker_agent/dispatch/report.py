"""What is said of a call: plain data for people and models, and the diffs of what a plan writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from docker_agent.core.errors import AgentError, CheckFailed, Denied, InputError, NeedsApproval
from docker_agent.core.finding import Finding
from docker_agent.core.line_diff import unified_diff
from docker_agent.core.plan import Argv, Engine, Plan, Restore, Write
from docker_agent.dispatch.call import Call
from docker_agent.host.apply import Applied
from docker_agent.host.entry import Entry
from docker_agent.host.host import Reads
from docker_agent.host.journal import Journal
from docker_agent.host.plan_files import inside
from docker_agent.policy.redact import Redactor

DIFF_LINES = 400
STOPS_NAMED = 8
FIXED_KEYS = frozenset({"kind", "risk", "action", "before", "after", "kept", "mode", "inputs"})


def report_of(call: Call) -> dict[str, Any]:
    """What is said of a plan or an error, in the shape that models and SOPs read."""
    status = "done"
    if isinstance(call.error, NeedsApproval):
        status = "saved"
    elif isinstance(call.error, Denied):
        status = "denied" if call.saved else "refused"
    elif call.error is not None:
        status = call.applied.status if call.applied else "error"
    elif call.applied is not None:
        status = call.applied.status
    elif call.plan is not None:
        status = "nothing to do"
    report: dict[str, Any] = {"status": status, "reason": str(call.error) if call.error else ""}
    if call.plan is not None:
        report |= {
            "title": call.plan.title,
            "digest": call.plan.digest[:12],
            "risk": call.plan.risk.value,
            "steps": [f"{step.kind}: {step.why}" for step in call.plan.steps],
            "diff": "\n".join(diff for index, diff in call.diffs.items() if index < len(call.plan.steps)),
        }
        if call.plan.remarks:
            report["remarks"] = list(call.plan.remarks)
    if call.applied is not None:
        report |= {
            "verified": call.applied.verified,
            "entry": call.applied.entry,
            "undo": call.undo,
            "done": [f"{outcome.kind}: {outcome.state}. {outcome.detail}" for outcome in call.applied.steps],
        }
    back = call.applied.rolled_back if call.applied else None
    if back is not None:
        report["rolled_back"] = {"status": back.status, "verified": back.verified, "entry": back.entry}
    if call.stops:
        report["stops"] = [_row(each) for each in call.stops]
    if call.causes:
        report["causes"] = [_row(each) for each in call.causes]
    return report


def _row(each: Finding) -> dict[str, Any]:
    return {
        "code": each.code,
        "object": each.object,
        "message": each.message,
        "cause": each.cause,
        "fix": each.fix,
        "where": [evidence.where for evidence in each.evidence],
    }


def stopped(plan: Plan | None, journal: Journal, *, begun: bool) -> CheckFailed:
    """The error of a call that Ctrl-C ended: what it left behind, and how to look at it or take it back."""
    if plan is not None and not begun:
        return CheckFailed("Stopped by Ctrl-C.", "Nothing of the plan was done.")
    said = "What was done is in `docker-agent log`."
    entry = _left_by(plan, journal) if plan is not None else None
    if plan is not None and entry is not None and entry.status == "interrupted":
        is_release = plan.record.get("kind") == "release"
        if is_release and entry.undoes:
            said = "The release stopped on its way back. Go to its end with `docker-agent release abort`."
        elif is_release:
            said = f"{plan.title} stopped where it was; the traffic's shares stay as they are. Go on with "
            said += "`docker-agent release resume`, or take it back with `docker-agent release abort`."
        else:
            acting = (step for step in entry.plan.steps if isinstance(step, Argv | Engine))
            names = ", ".join(dict.fromkeys(name for step in acting for name in step.touches)) or "what it was about"
            said += f" As it was not finished, {names} may be down: look with `docker-agent diagnose`, "
            onwards = f"go on with it by `docker-agent undo {entry.undoes}`."
            said += onwards if entry.undoes else f"take it back with `docker-agent undo {entry.id}`."
    return CheckFailed("Stopped by Ctrl-C.", said)


def _left_by(plan: Plan, journal: Journal) -> Entry | None:
    """The newest entry of a plan: its own, that which it goes on with, or that of its way back."""
    entries = list(reversed(journal.entries()))
    own = next((each for each in entries if each.id == plan.continues or each.plan.digest == plan.digest), None)
    return next((each for each in entries if own is not None and each.undoes == own.id), own)


def compact(data: dict[str, Any]) -> str:
    """Plain data as JSON in the fewest characters, for the model."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def diffs_of(plan: Plan, root: Path, reads: Reads, journal: Journal, redactor: Redactor) -> dict[int, str]:
    """What each writing step changes, as a unified diff of masked text, by its position.

    The steps of the way back follow those of the plan. Its last write of a file is compared with the file as it is now,
    since that should be no difference; those before it with what the one before left, unless the plan's own steps write
    the same text, which is shown there. What was done of a plan that is gone on with is left out.
    """
    found: dict[int, str] = {}
    texts: dict[str, str] = {}
    shown: set[tuple[str, str]] = set()
    ended = journal.entry(plan.continues).steps if plan.continues else ()
    done = {outcome.index for outcome in ended if outcome.state == "done"}
    for index, step in enumerate(plan.steps):
        if isinstance(step, Write | Restore) and index in done:
            shown.add((step.path, _text_after(step, journal)))
        elif isinstance(step, Write | Restore):
            old = texts.get(step.path) or _text_of(lambda step=step: reads.read_file(inside(root, step.path)))
            texts[step.path] = _text_after(step, journal)
            found[index] = _diff(redactor.text(old), redactor.text(texts[step.path]), step.path)
            shown.add((step.path, texts[step.path]))
    back = [
        (index, step) for index, step in enumerate(plan.rollback, len(plan.steps)) if isinstance(step, Write | Restore)
    ]
    last = {step.path: index for index, step in back}
    before: dict[str, str] = {}
    for index, step in back:
        text = _text_after(step, journal)
        now = _text_of(lambda step=step: reads.read_file(inside(root, step.path)))
        if index == last[step.path]:
            found[index] = _diff(redactor.text(now), redactor.text(text), step.path)
        elif (step.path, text) not in shown:
            found[index] = _diff(redactor.text(before.get(step.path, now)), redactor.text(text), step.path)
        before[step.path] = text
    return found


def masked_plan(plan: Plan, redactor: Redactor) -> Plan:
    """A plan as it may be shown: its words masked, what it is made of left as it is."""
    return Plan.model_validate(_masked(plan.model_dump(mode="json"), redactor))


def forbidden(stops: Sequence[Finding]) -> Denied:
    """The error for a deployment that the project's policies, or what is under way, forbid."""
    codes = ",".join(dict.fromkeys(each.code for each in stops))
    if all(each.evidence and each.evidence[0].source == "journal" for each in stops):
        return Denied(
            " ".join(each.message for each in stops),
            f"{' '.join(each.fix for each in stops)} To do it all the same: --override {codes} (this is recorded).",
        )
    listed = "; ".join(
        f"{each.code} at {each.evidence[0].where if each.evidence else each.object}"
        f" ({' '.join(word for word in (each.message, each.fix) if word).rstrip('.')})"
        for each in stops[:STOPS_NAMED]
    )
    more = len(stops) - STOPS_NAMED
    listed += f"; and {more} more" if more > 0 else ""
    return Denied(
        f"The project's policies forbid this deployment: {listed}.",
        f"Fix that first, or override it yourself with --override {codes} (this is recorded).",
    )


def failed(applied: Applied, undo: str) -> CheckFailed:
    """The error for a plan whose step or check failed: whether it was rolled back, or how to take it back.

    Parameters
    ----------
    undo: the command that takes it back, "" where nothing can be undone.
    """
    said = f"The plan {applied.title!r} failed: {applied.reason.rstrip('.')}."
    back = applied.rolled_back
    if back is None:
        how = f"; `{undo}`." if undo else ", and nothing of it is to be undone."
        return CheckFailed(said, f"What was done is journalled as entry {applied.entry}{how}")
    if back.status == "applied":
        held = "and that holds" if back.verified else "which was not checked"
        return CheckFailed(f"{said} It was rolled back, {held}.", f"See `docker-agent log {applied.entry}`.")
    return CheckFailed(
        f"{said} Rolling back failed too: {back.reason.rstrip('.')}.",
        f"Mend that, then run `docker-agent undo {applied.entry}`.",
    )


def fault(call: Call, error: Exception) -> AgentError:
    """The error for a fault of a tool or of the door itself."""
    told = AgentError(
        f"{call.name} broke: {type(error).__name__}: {error}.", "This is a fault of docker-agent, not yours; report it."
    )
    told.__cause__ = error
    return told


def _masked(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return {key: item if key in FIXED_KEYS else _masked(item, redactor) for key, item in pairs.items()}
    if isinstance(value, list):
        return [_masked(item, redactor) for item in cast("list[Any]", value)]
    return redactor.data(value)


def _diff(old: str, new: str, name: str) -> str:
    """A unified diff in which line ends show where they are all that changes, and a cut is said."""
    before, after = old.splitlines(), new.splitlines()
    if before == after and old != new:
        before, after = ([repr(line)[1:-1] for line in text.splitlines(keepends=True)] for text in (old, new))
    lines = list(unified_diff(name, before, after))
    left = len(lines) - DIFF_LINES
    return "\n".join(
        lines[:DIFF_LINES] + ([f"[... {left} more lines of this diff are not shown ...]"] if left > 0 else [])
    )


def _text_after(step: Write | Restore, journal: Journal) -> str:
    return step.content if isinstance(step, Write) else _text_of(lambda: journal.kept(step.kept))


def _text_of(read: Callable[[], bytes]) -> str:
    try:
        return read().decode("utf-8", "replace")
    except InputError:
        return ""
