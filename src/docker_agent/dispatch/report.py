"""What is said of a call: plain data for people and models, and the diffs of what a plan writes."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docker_agent.core.errors import Denied, InputError, NeedsApproval
from docker_agent.core.plan import Plan, Restore, Write
from docker_agent.dispatch.call import Call
from docker_agent.host.apply import inside
from docker_agent.host.host import Reads
from docker_agent.host.journal import Journal
from docker_agent.policy.redact import Redactor

DIFF_LINES = 120


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
            "diff": "\n".join(call.diffs.values()),
        }
    if call.applied is not None:
        report |= {
            "verified": call.applied.verified,
            "entry": call.applied.entry,
            "done": [f"{outcome.kind}: {outcome.state}. {outcome.detail}" for outcome in call.applied.steps],
        }
    return report


def compact(data: dict[str, Any]) -> str:
    """Plain data as JSON in the fewest characters, for the model."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def diffs_of(plan: Plan, root: Path, reads: Reads, journal: Journal, redactor: Redactor) -> dict[int, str]:
    """What each writing step changes, as a unified diff of masked text."""
    found: dict[int, str] = {}
    for index, step in enumerate(plan.steps):
        if isinstance(step, Write | Restore):
            old = _text_of(lambda step=step: reads.read_file(inside(root, step.path)))
            kept = step.kept if isinstance(step, Restore) else ""
            new = step.content if isinstance(step, Write) else _text_of(lambda kept=kept: journal.kept(kept))
            masked = (redactor.text(text).splitlines() for text in (old, new))
            lines = list(difflib.unified_diff(*masked, fromfile=step.path, tofile=step.path, lineterm="", n=2))
            found[index] = "\n".join(lines[:DIFF_LINES])
    return found


def _text_of(read: Callable[[], bytes]) -> str:
    try:
        return read().decode("utf-8", "replace")
    except InputError:
        return ""
