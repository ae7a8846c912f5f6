"""What the engine did lately."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.stack import parse_time
from docker_agent.host.models import Event
from docker_agent.project.workspace import FOLDER_LABEL, Workspace

MAX_EVENTS = 200
PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
TOLD = ("exitCode", "signal", "execDuration", "container", "image", "driver")


class EventRow(BaseModel):
    """One event, or several of the same in a row; `time` is the last one's, in UTC."""

    model_config = ConfigDict(frozen=True)

    time: str
    kind: str
    action: str
    name: str
    details: dict[str, str] = {}
    times: int = 1


class Events(BaseModel):
    """Events, oldest first; `left_out` counts older ones beyond the limit."""

    model_config = ConfigDict(frozen=True)

    events: tuple[EventRow, ...]
    left_out: int = 0


@tool(
    risk=Risk.READ,
    untrusted="names and attributes of events",
    examples=(
        "docker-agent stack events 1h",
        "docker-agent stack events 10m --service web --kind container",
    ),
)
def events(
    ws: Workspace,
    since: Annotated[str, 'Start of the time looked at: "10m", "2h" or RFC 3339.'] = "1h",
    until: Annotated[str, "End of the time looked at; empty means now."] = "",
    kind: Annotated[Literal["all", "container", "network", "volume", "image"], "Only this type of object."] = "all",
    service: Annotated[str, "Only this service or container."] = "",
    limit: Annotated[int, "How many of the last events to show, 1 to 200."] = 60,
    all_projects: Annotated[bool, "Also show events of other projects."] = False,
) -> Events:
    """List what the engine did: starts, deaths with exit codes, OOM kills, signals, health changes, network joins.

    Events of health checks that ran are left out. The engine keeps about the last 256 events only.
    """
    if not 1 <= limit <= MAX_EVENTS:
        raise InputError(f"limit is {limit}.", f"Give a number from 1 to {MAX_EVENTS}.")
    now = ws.host.now()
    begin, end = parse_time(since, now), parse_time(until, now) or now
    if begin > end:
        raise InputError(f"since ({since}) is later than until ({until or 'now'}).", "Swap them.")
    found = ws.host.events(since=begin, until=end, filters={} if kind == "all" else {"type": kind})
    own = {container.name for container in ws.host.containers() if ws.owns_container(container)}
    chosen = [
        event
        for event in found
        if not event.action.startswith("exec_")
        and kind in {"all", event.kind}
        and (all_projects or _is_own(ws, event, own))
        and (not service or service in _words(event))
    ]
    rows = _fold(chosen)
    return Events(events=tuple(rows[-limit:]), left_out=max(0, len(rows) - limit))


def _is_own(ws: Workspace, event: Event, own: set[str]) -> bool:
    project = event.attributes.get(PROJECT_LABEL, "")
    folder = event.attributes.get(FOLDER_LABEL, "")
    return ws.owns(project, folder) or event.name in own or ws.owns(event.name.split("_", 1)[0])


def _words(event: Event) -> set[str]:
    return {event.name, event.attributes.get(SERVICE_LABEL, ""), event.attributes.get("container", "")}


def _fold(events: Iterable[Event]) -> list[EventRow]:
    rows: list[EventRow] = []
    for event in events:
        details = {key: event.attributes[key] for key in TOLD if event.attributes.get(key) and key != event.name}
        moment = datetime.fromtimestamp(event.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = EventRow(time=moment, kind=event.kind, action=event.action, name=event.name, details=details)
        before = rows[-1] if rows else None
        if before and (before.kind, before.action, before.name) == (row.kind, row.action, row.name):
            rows[-1] = row.model_copy(update={"times": before.times + 1})
        else:
            rows.append(row)
    return rows
