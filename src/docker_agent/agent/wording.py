"""Words for what tools answered, used as filters by the SOPs' answers."""

from __future__ import annotations

from typing import Any, cast

MAX_EVIDENCE = 5
MAX_QUOTE_CHARS = 200

_NOT_APPLIED = {
    "denied": "The plan was turned down, so nothing was changed.",
    "saved": "Nobody was there to approve, so the plan was saved and nothing was changed.",
    "refused": "The plan was refused, so nothing was changed.",
    "nothing to do": "There is nothing to change.",
}
_BROKEN_OFF = {"failed": "failed part of the way", "interrupted": "was interrupted"}
_CHECKS = ("wait_healthy", "probe", "observe")

OUTCOMES = frozenset({"applied", *_NOT_APPLIED, *_BROKEN_OFF})


def say_outcome(result: Any, error: str = "") -> str:
    """Say what became of a plan; "Verified" is said only where a mechanical check held.

    `result` is what the door answered to a changing tool, `error` why the call failed, if it did.
    """
    if error:
        return f"No plan could be made: {error}\nNot verified: nothing was changed."
    data = _mapping(result)
    status, reason = str(data.get("status", "")), str(data.get("reason") or "")
    because = f": {reason}" if reason else "."
    lines = [f"Plan: {data['title']}"] if data.get("title") else []
    if data.get("status") != "applied":
        lines += [f"- {_say_step(step)}" for step in _entries(data.get("steps"))]
    if status == "applied":
        lines += _say_applied(data, reason)
    elif status in _BROKEN_OFF:
        lines.append(f"The plan {_BROKEN_OFF[status]}{because}")
        lines.append("Not verified: not every step was carried out and held, so look at the state before going on.")
    elif status in _NOT_APPLIED:
        lines.append(f"{_NOT_APPLIED[status]}{f' {reason}' if reason else ''}")
        lines.append("Not verified: the plan was not applied.")
    else:
        lines.append(f"Not verified: what became of the plan was not understood: {_say_unknown(result)}")
    return "\n".join(lines)


def say_finding(finding: Any) -> str:
    """Say a finding: cause, confidence, each piece of evidence with its place, and what mends it."""
    data = _mapping(finding)
    if not data:
        return str(finding or "")
    head = (
        f"[{data.get('severity', 'info')}] {data.get('object', '')}: {data.get('message', '')} ({data.get('code', '')})"
    )
    lines = [head]
    if data.get("cause"):
        lines.append(f"Cause ({data.get('confidence') or 'certain'}): {data['cause']}")
    evidence = _entries(data.get("evidence"))
    if evidence:
        lines.append("Evidence:")
        lines += [_say_evidence(_mapping(entry)) for entry in evidence[:MAX_EVIDENCE]]
    if data.get("fix"):
        lines.append(f"Fix: {data['fix']}")
    return "\n".join(lines)


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
    if data.get("entry"):
        lines.append(f"Undo, as far as the steps allow: docker-agent undo {data['entry']}")
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


def _entries(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
