"""What happened to the stack, in order: engine events, health results, restarts, memory kills and grave log lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.log_patterns import patterns_of
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.diagnose.collect import LOOK_BACK_S, collect
from docker_agent.domains.diagnose.evidence import cut, label
from docker_agent.domains.diagnose.snapshot import Snapshot, seconds_of
from docker_agent.domains.stack import resolve_all
from docker_agent.host.models import Container, Event
from docker_agent.project.workspace import Workspace

MAX_MOMENTS = 80
KEPT_OF_SAME = 3
GRAVE_LINES = 3
ERROR_WEIGHT = 2
SERVICE_LABEL = "com.docker.compose.service"
PROJECT_LABEL = "com.docker.compose.project"
TOLD = {
    "create": "made",
    "start": "started",
    "restart": "restarted",
    "oom": "killed for memory: a process in it needed more than the limit",
    "stop": "stopped",
    "pause": "paused",
    "unpause": "goes on",
    "destroy": "removed",
    "rename": "renamed",
    "update": "limits changed",
}


@dataclass(frozen=True)
class _Moment:
    seconds: float
    object: str
    what: str


class Moment(BaseModel):
    """One thing that happened, or `times` of the same up to `until`; times are UTC."""

    model_config = ConfigDict(frozen=True)

    time: str
    object: str
    what: str
    times: int = 1
    until: str = ""


class Timeline(BaseModel):
    """Moments, oldest first; `left_out` counts older ones beyond the limit.

    Attributes
    ----------
    events: from when on the engine remembers its events, where that is not the whole time looked at.
    totals: how often each container was restarted in its life, and whether it was killed for memory last.
    """

    model_config = ConfigDict(frozen=True)

    project: str
    since: str
    events: str = ""
    totals: tuple[str, ...] = ()
    moments: tuple[Moment, ...]
    left_out: int = 0
    not_looked_at: tuple[str, ...] = ()


@tool(
    risk=Risk.READ,
    untrusted="container logs and health output",
    on_demand=True,
    examples=(
        "docker-agent diagnose timeline",
        "docker-agent diagnose timeline web",
        "docker-agent diagnose timeline web --limit 10 --json",
    ),
)
def timeline(
    ws: Workspace,
    service: Annotated[str, "Only this service or container; empty for the whole stack."] = "",
    limit: Annotated[int, "How many of the last moments to show, 1 to 80."] = 40,
) -> Timeline:
    """Show what happened to the stack in the last hour, in order of time.

    Containers made, started, stopped, killed and removed, with exit codes and signals; health changes and failing
    checks; memory kills; the first line of each grave pattern in the logs. Repeated ones are counted. It shows what
    came first.
    """
    if not 1 <= limit <= MAX_MOMENTS:
        raise InputError(f"limit is {limit}.", f"Give a number from 1 to {MAX_MOMENTS}.")
    chosen = resolve_all(ws, service) if service else []
    snapshot = collect(ws, [each.name for each in chosen if not ws.owns_container(each)])
    names = {label(snapshot, each) for each in chosen}
    found = [each for each in _moments(snapshot) if not names or each.object in names]
    rows = _fold(sorted(found, key=lambda each: each.seconds))
    shown = chosen or snapshot.containers
    return Timeline(
        project=snapshot.project,
        since=_clock(snapshot.taken_at - LOOK_BACK_S),
        events=_remembered(ws, snapshot.taken_at),
        totals=tuple(f"{label(snapshot, each)}: {total}" for each in shown if (total := _total(each))),
        moments=tuple(rows[-limit:]),
        left_out=max(0, len(rows) - limit),
        not_looked_at=snapshot.not_looked_at[:10],
    )


def _remembered(ws: Workspace, now: float) -> str:
    """Where the engine has forgotten a part of the time: it keeps 256 events in all, health checks too."""
    oldest = min((event.time for event in ws.host.events(since=1.0, until=now)), default=now)
    return f"only since {_clock(oldest)}, the engine remembers no older ones" if oldest > now - LOOK_BACK_S else ""


def _total(container: Container) -> str:
    restarted = f"restarted {container.restart_count} times in all" if container.restart_count else ""
    killed = "killed for memory, says State.OOMKilled" if container.oom_killed else ""
    return ", ".join(word for word in (restarted, killed) if word)


def _moments(snapshot: Snapshot) -> Iterator[_Moment]:
    called = {key: label(snapshot, each) for each in snapshot.containers for key in (each.id, each.name)}
    for event in snapshot.events:
        name = called.get(event.actor) or called.get(event.name) or _replaced(snapshot, event)
        what = _told(event)
        if name and what:
            yield _Moment(event.time, name, what)
    for container in snapshot.containers:
        name = label(snapshot, container)
        yield from _inspected(snapshot, container, name)
        if container.error:
            at = seconds_of(container.finished_at) or seconds_of(container.created_at)
            yield _Moment(at, name, cut(snapshot, f"could not start: {container.error}"))
        for result in container.health_log:
            if result.exit_code:
                said = f"health check failed with {result.exit_code}: {result.output}"
                yield _Moment(seconds_of(result.end), name, cut(snapshot, said))
        yield from _grave(snapshot, container.name, name)


def _inspected(snapshot: Snapshot, container: Container, name: str) -> Iterator[_Moment]:
    """The last start and end, where the engine has forgotten their events."""
    seen = {(event.action, int(event.time)) for event in snapshot.events_of(container)}
    since = snapshot.taken_at - LOOK_BACK_S
    for action, at, what in (
        ("start", seconds_of(container.started_at), "started"),
        ("die", seconds_of(container.finished_at), f"ended with {container.exit_code}"),
    ):
        if at > since and not any((action, int(at) + shift) in seen for shift in (-1, 0, 1)):
            yield _Moment(at, name, what)


def _grave(snapshot: Snapshot, container: str, name: str) -> Iterator[_Moment]:
    """The first line of each pattern that tells of an error."""
    lines = snapshot.logs.get(container, ())
    patterns = [each for each in patterns_of([line.text for line in lines]) if each.weight >= ERROR_WEIGHT]
    for pattern in patterns[:GRAVE_LINES]:
        line = lines[pattern.first]
        times = f" ({pattern.count} such lines)" if pattern.count > 1 else ""
        yield _Moment(seconds_of(line.time), name, cut(snapshot, f"log line {line.number}: {line.text}") + times)


def _replaced(snapshot: Snapshot, event: Event) -> str:
    """The service of a container of this project that is gone since, "" for another's."""
    return event.attributes.get(SERVICE_LABEL, "") if event.attributes.get(PROJECT_LABEL) == snapshot.project else ""


def _told(event: Event) -> str:
    if event.action == "die":
        return f"ended with {event.attributes.get('exitCode', '?')} after {event.attributes.get('execDuration', '?')} s"
    if event.action == "kill":
        return f"got signal {event.attributes.get('signal', '?')}"
    if event.action.startswith("health_status:"):
        return f"is {event.action.partition(':')[2].strip()}"
    return TOLD.get(event.action, "")


def _fold(moments: list[_Moment]) -> list[Moment]:
    """The first ones of a kind each by itself, all later ones of that kind as one with a count."""
    same: dict[tuple[str, str], list[_Moment]] = defaultdict(list)
    for each in moments:
        same[each.object, each.what].append(each)
    rows: list[tuple[float, Moment]] = []
    for group in same.values():
        apart = group if len(group) <= KEPT_OF_SAME + 1 else group[:KEPT_OF_SAME]
        rows += [
            (each.seconds, Moment(time=_clock(each.seconds), object=each.object, what=each.what)) for each in apart
        ]
        rest = group[len(apart) :]
        if rest:
            row = Moment(
                time=_clock(rest[0].seconds),
                object=rest[0].object,
                what=rest[0].what,
                times=len(rest),
                until=_clock(rest[-1].seconds),
            )
            rows.append((rest[0].seconds, row))
    return [row for _, row in sorted(rows, key=lambda entry: entry[0])]


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%SZ") if seconds > 0 else "?"
