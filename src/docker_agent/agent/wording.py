"""Words for what tools answered, used as filters by the SOPs' answers."""

from __future__ import annotations

from typing import Any, cast

MAX_EVIDENCE = 5
MAX_QUOTE_CHARS = 200
MAX_SYMPTOMS = 6
MAX_OTHERS = 6
MAX_CONTAINERS = 20
NOTHING_FOUND = "nothing wrong found"
NOT_CHANGED = "Not verified: nothing was changed."

_NOT_APPLIED = {
    "denied": "The plan was turned down, so nothing was changed.",
    "saved": "Nobody was there to approve, so the plan was saved and nothing was changed.",
    "refused": "The plan was refused, so nothing was changed.",
    "nothing to do": "There is nothing to change.",
}
_BROKEN_OFF = {"failed": "failed part of the way", "interrupted": "was interrupted"}
_CHECKS = ("wait_healthy", "probe", "observe", "check")

OUTCOMES = frozenset({"applied", *_NOT_APPLIED, *_BROKEN_OFF})


def say_outcome(result: Any, error: str = "") -> str:
    """Say what became of a plan; "Verified" is said only where a mechanical check held.

    `result` is what the door answered to a changing tool, `error` why the call failed, if it did.
    """
    if error:
        return f"No plan could be made: {error}\n{NOT_CHANGED}"
    data = _mapping(result)
    status, reason = str(data.get("status", "")), str(data.get("reason") or "")
    because = f": {reason}" if reason else "."
    lines = [f"Plan: {data['title']}"] if data.get("title") else []
    if status != "applied" and status not in _NOT_APPLIED:
        lines += [f"- {_say_step(step)}" for step in _entries(data.get("steps"))]
    if status == "applied":
        lines += _say_applied(data, reason)
    elif status == "failed" and data.get("rolled_back"):
        lines += _say_rolled_back(data, because)
    elif status == "failed" and data.get("verified") is False:
        lines.append(f"The change was made, and its check did not hold{because}")
        lines.append("Not verified: look at the state before going on, or undo it.")
    elif status in _BROKEN_OFF:
        lines.append(f"The plan {_BROKEN_OFF[status]}{because}")
        lines.append("Not verified: not every step was carried out and held, so look at the state before going on.")
    elif status in _NOT_APPLIED:
        lines.append(f"{_NOT_APPLIED[status]}{f' {reason}' if reason else ''}")
        lines.append("Not verified: the plan was not applied.")
    else:
        lines.append(f"Not verified: what became of the plan was not understood: {_say_unknown(result)}")
    return "\n".join(lines)


def _say_rolled_back(data: dict[str, Any], because: str) -> list[str]:
    """What became of a plan that took its own way back."""
    back = _mapping(data["rolled_back"])
    said = "It failed and was rolled back" if back.get("status") == "applied" else "It failed"
    return [f"{said}{because}", say_back(back)]


def say_back(back: dict[str, Any]) -> str:
    """What is known of the state after a plan took its own way back."""
    if back.get("status") != "applied":
        return "Not verified: going back failed too, so look at the state before going on."
    if back.get("verified"):
        return "Verified: what was there before is there again."
    return "Not verified: nothing was looked at after going back."


def mendable(looks: Any, everything: bool = False) -> dict[str, Any]:
    """The finding of one or more looks that a plan is made for: the first that has one, else the first, else none.

    Unless everything is to be mended, one that is less grave than the first does not count: to mend a warning is no
    answer to a fault.
    """
    found = [_mapping(each) for each in _all([_mapping(look) for look in _entries(looks)], "findings")]
    grave = [each for each in found if everything or each.get("severity") == found[0].get("severity")]
    return next((each for each in grave if each.get("fixable")), found[0] if found else {})


def say_diagnosis(looks: Any, mend: Any = None, error: str = "", subject: str = "", everything: bool = False) -> str:
    """Say what `diagnose` answered in one or more looks: the cause, its plan, its symptoms, what else there is.

    `mend` and `error` are as in `say_outcome`, both empty where no plan was asked for; `subject` is the service that
    was spoken of, `everything` as in `mendable`.
    """
    answers = [_mapping(look) for look in _entries(looks)]
    findings = [finding for finding in map(_mapping, _all(answers, "findings")) if finding]
    if findings:
        chosen = mendable(looks, everything) if mend or error else findings[0]
        others = [finding for finding in findings[1:] if finding != chosen]
        parts = [_say_finding(findings[0])]
        if chosen != findings[0]:
            parts += ["This has no mechanical fix; the next one that has is:", _say_finding(chosen)]
        parts += [_say_plan(chosen, _all(answers, "plan"), mend, error, subject)]
        parts += [_say_symptoms(_all(answers, "symptoms")), _say_others(others, _all(answers, "also"))]
    else:
        said = [str(answer.get("summary") or answer.get("text") or "") for answer in answers]
        told = next((text for text in said if text not in {"", NOTHING_FOUND}), "")
        so_far = f"{told.removeprefix(NOTHING_FOUND)}." if told.startswith(NOTHING_FOUND) else f". {told}".rstrip()
        nothing = f"Nothing wrong was found with {subject or 'the project'}{so_far}"
        parts = [f"{nothing}\nNothing was changed."]
    missed = list(dict.fromkeys(str(each) for each in _all(answers, "not_looked_at")))
    parts.append(f"Not looked at: {'; '.join(missed)}" if missed else "")
    return "\n\n".join(part for part in parts if part)


def say_containers(stack: Any) -> str:
    """Say how the containers of `stack_list` are, a line each."""
    rows = [_mapping(row) for row in _entries(_mapping(stack).get("containers"))]
    return "\n".join(
        f"- {row.get('service') or row.get('name')}: {row.get('state')}"
        f"{', ' if row.get('health') else ''}{row.get('health') or ''}, {row.get('restarts') or 0} restarts"
        for row in rows[:MAX_CONTAINERS]
    )


def _say_finding(data: dict[str, Any]) -> str:
    """Cause, confidence, each piece of evidence with its place, and what mends it."""
    lines = [_say_head(data)]
    if data.get("cause"):
        lines.append(f"Cause ({data.get('confidence') or 'certain'}): {data['cause']}")
    evidence = _entries(data.get("evidence"))
    if evidence:
        lines.append("Evidence:")
        lines += [_say_evidence(_mapping(entry)) for entry in evidence[:MAX_EVIDENCE]]
    if data.get("fix"):
        lines.append(f"Fix: {data['fix']}")
    return "\n".join(lines)


def _say_plan(finding: dict[str, Any], planned: list[Any], mend: Any, error: str, subject: str) -> str:
    """What became of the first finding's plan, or why there is none and what it would do."""
    if mend or error:
        return say_outcome(mend, error)
    if not finding.get("fixable"):
        reason = "this one has no mechanical fix, the line above says what a person has to do."
        return f"No plan was made: {reason}\n{NOT_CHANGED}"
    name = finding.get("object") or subject
    lines = [f'No plan was made, because the request asks to look, not to change. Say "fix {name}" for a plan.']
    lines += ["It would do this:", *(f"- {step}" for step in planned)] if planned else []
    return "\n".join([*lines, NOT_CHANGED])


def _say_symptoms(symptoms: list[Any]) -> str:
    rows = [_mapping(each) for each in symptoms[:MAX_SYMPTOMS]]
    lines = [
        f"- {row.get('object')}: {row.get('message')} ({row.get('code')}, because of {row.get('because')})"
        for row in rows
    ]
    return "\n".join(["It explains:", *lines]) if lines else ""


def _say_others(findings: list[dict[str, Any]], lines: list[Any]) -> str:
    others = [_say_head(finding) for finding in findings] + [str(line) for line in lines]
    return "\n".join(["Also found:", *(f"- {other}" for other in others[:MAX_OTHERS])]) if others else ""


def _say_head(data: dict[str, Any]) -> str:
    severity, name = data.get("severity", "info"), data.get("object", "")
    return f"[{severity}] {name}: {data.get('message', '')} ({data.get('code', '')})"


def _say_applied(data: dict[str, Any], reason: str) -> list[str]:
    lines = ["The plan was approved and applied."]
    done = [str(line) for line in _entries(data.get("done"))]
    held = [line.partition(". ")[2] or line for line in done if line.startswith(_CHECKS)]
    if data.get("verified") is True:
        lines.append(f"Verified: {reason or '; '.join(held) or 'the checks of the plan held.'}")
    elif data.get("verified") is False:
        lines.append(f"Not verified: the check after the change did not hold{f': {reason}' if reason else '.'}")
    else:
        lines.append(f"Not verified: {reason or 'the plan had no mechanical check.'}")
    if data.get("undo"):
        lines.append(f"Undo, as far as the steps allow: {data['undo']}")
    return lines


def _say_step(step: Any) -> str:
    data = _mapping(step)
    words = [str(data[key]) for key in ("why", "title", "kind", "status") if data.get(key)]
    return "; ".join(words) if data else str(step)


def _say_evidence(entry: dict[str, Any]) -> str:
    quote = " ".join(str(entry.get("quote") or "").split())
    shown = quote if len(quote) <= MAX_QUOTE_CHARS else f"{quote[:MAX_QUOTE_CHARS]} ..."
    place = " ".join(str(entry[key]) for key in ("source", "where") if entry.get(key))
    return f'- {place}: "{shown}"' if shown else f"- {place}"


def _say_unknown(result: Any) -> str:
    data = _mapping(result)
    text = " ".join(str(data.get("text", data) if data else result).split())
    return text[:MAX_QUOTE_CHARS] or "no answer came."


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _all(answers: list[dict[str, Any]], key: str) -> list[Any]:
    return [entry for answer in answers for entry in _entries(answer.get(key))]


def _entries(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
