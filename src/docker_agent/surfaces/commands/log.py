"""Show what was changed here, what can be undone, and which plans wait for a yes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from docker_agent.app import Session
from docker_agent.host.journal import Entry
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.render import print_answer
from docker_agent.surfaces.start import guarded, print_json, start


def command(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="Show one entry with its steps.")] = "",
    audit: Annotated[
        bool, typer.Option("--audit", help="Check the audit log's chain and show its last calls.")
    ] = False,
) -> None:
    r"""Show what was changed here, what can be undone, and which plans wait for a yes.

    \b
    Examples:
      docker-agent log
      docker-agent log 3
      docker-agent log --audit
    """
    choices: Choices = context.obj

    def work() -> int:
        session = start(choices)
        data = _audit(session) if audit else _one(session, entry) if entry else _all(session)
        shown = session.door.redactor.data(data)
        if choices.json:
            print_json({"ok": True, **shown})
        else:
            print_answer(shown)
        return 0

    guarded(choices, work)


def _all(session: Session) -> dict[str, Any]:
    entries = [_row(entry) for entry in session.door.journal.entries()]
    waiting = [{"digest": plan.digest[:12], "title": plan.title} for plan in session.door.journal.waiting()]
    damaged = session.door.journal.damaged()
    if not entries and not waiting and not damaged:
        return {"journal": "nothing was changed here yet"}
    return {"entries": entries, "plans_waiting": waiting, "damaged_entries": damaged}


def _one(session: Session, number: str) -> dict[str, Any]:
    entry = session.door.journal.entry(number)
    steps = [
        {"step": step.why, "state": next((o.state for o in entry.steps if o.index == index), "not started")}
        for index, step in enumerate(entry.plan.steps)
    ]
    return {**_row(entry), "reason": entry.reason, "steps": steps}


def _audit(session: Session) -> dict[str, Any]:
    count = session.door.audit.verify()
    rows = [
        {
            "time": _moment(float(record.get("time", 0))),
            **{key: str(record.get(key, "")) for key in ("by", "tool", "verdict", "outcome", "digest")},
            "overrides": ", ".join(record.get("overrides", ())),
        }
        for record in session.door.audit.records()[-20:]
    ]
    return {"records": count, "chain": "whole", "last": rows}


def _row(entry: Entry) -> dict[str, Any]:
    verified = {True: "verified", False: "not verified", None: "nothing to verify"}[entry.verified]
    return {
        "entry": entry.id,
        "time": _moment(entry.time),
        "title": entry.plan.title,
        "status": entry.status,
        "check": verified,
        "undone_by": entry.undone_by,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") if seconds else ""
