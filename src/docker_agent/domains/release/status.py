"""How far the last releases are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.release.record import ReleaseRecord, releases, ways_to_end
from docker_agent.host.entry import Entry
from docker_agent.project.workspace import Workspace

MOST = 10
STATES = {"running": "under way", "interrupted": "stopped in the middle", "applied": "done"}


class ReleaseState(BaseModel):
    """One release: `share` is the new version's part of the traffic in percent, `step` what it is at or ended with."""

    model_config = ConfigDict(frozen=True)

    entry: str
    time: str
    service: str
    strategy: str
    image: str
    state: str
    phase: str
    share: int
    step: str = ""
    reason: str = ""
    old: str = ""
    new: str = ""
    next: str = ""


class ReleaseStatus(BaseModel):
    """The releases of this project, the newest first."""

    model_config = ConfigDict(frozen=True)

    releases: tuple[ReleaseState, ...]
    note: str = ""


@tool(risk=Risk.READ, examples=("docker-agent release status", "docker-agent release status web --json"))
def status(ws: Workspace, service: Annotated[str, "One service; all where none is named."] = "") -> ReleaseStatus:
    """Show the releases of this project, newest first: how far each is, its share of traffic, what can be done next."""
    found = [(entry, record) for entry, record in releases(ws) if service in {"", record.service}]
    following = _following(found)
    states = tuple(_state(ws, entry, record, following.get(entry.id, "")) for entry, record in reversed(found[-MOST:]))
    return ReleaseStatus(releases=states, note="" if states else "nothing was released here yet")


def _state(ws: Workspace, entry: Entry, record: ReleaseRecord, following: str) -> ReleaseState:
    done = max((outcome.index for outcome in entry.steps if outcome.state == "done"), default=-1)
    ended = entry.status == "applied"
    at = done if ended else min(done + 1, len(entry.plan.steps) - 1)
    phase = record.phase_at(max(done, 0))
    state = STATES.get(entry.status, entry.status)
    if entry.undone_by:
        state = f"rolled back by entry {entry.undone_by}"
    elif entry.undo_status:
        state = {"running": "going back", "interrupted": "stopped on its way back"}.get(
            entry.undo_status, "going back failed"
        )
    return ReleaseState(
        entry=entry.id,
        time=datetime.fromtimestamp(entry.time, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        service=record.service,
        strategy=record.strategy,
        image=record.new_image,
        state=state,
        phase=phase.name,
        share=0 if entry.undone_by else phase.share,
        step="" if ended or entry.undone_by else entry.plan.steps[at].why,
        reason=entry.reason,
        old=f"{record.old}: {_look(ws, record.old)}",
        new=f"{record.new}: {_look(ws, record.new)}",
        next=following,
    )


def _look(ws: Workspace, name: str) -> str:
    try:
        container = ws.host.container(name)
    except InputError:
        return "not there"
    return f"{container.status}{f' ({container.health})' if container.health and container.running else ''}"


def _following(found: Sequence[tuple[Entry, ReleaseRecord]]) -> dict[str, str]:
    """What can be done next with the newest releases of each service, by entry: nothing with those before them."""
    newest = {record.service: entry for entry, record in found}
    done = {record.service: entry for entry, record in found if entry.status == "applied" and not entry.undone_by}
    following: dict[str, str] = {}
    for service, entry in newest.items():
        ways = ways_to_end(entry) if entry.changed else ()
        if ways:
            following[entry.id] = f"docker-agent {', or '.join(f'release {way}' for way in ways)}"
        elif service in done and not entry.unended:
            following[done[service].id] = "docker-agent release rollback, or release finish"
    return following
