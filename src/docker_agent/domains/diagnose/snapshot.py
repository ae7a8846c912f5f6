"""Everything that signatures look at, collected once, side by side and with time limits."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from docker_agent.core.errors import AgentError, EngineUnreachable
from docker_agent.host.models import Container, EngineInfo, Event, LogLine, Network, Stats
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.stack import Stack, stack_of
from docker_agent.project.workspace import FOLDER_LABEL, Workspace, is_within

T = TypeVar("T")
D = TypeVar("D")

LOG_LINES = 200
MAX_LOGS = 100
LOOK_BACK_S = 3_600.0
LIMIT_S = 10.0
SETTLED_S = 10.0
RELAPSE_S = 600.0
LOOP_RESTARTS = 3
CRASHED = frozenset({"restarting", "dead"})
ASKED_TO_STOP = frozenset({0, 130, 143})
RESTARTED = frozenset({"always", "unless-stopped"})


@dataclass(frozen=True)
class Ending:
    """How a container's last run ended.

    Attributes
    ----------
    code: the exit code.
    oom: whether the kernel killed something for memory in that run.
    signals: what was sent to it, in order: (seconds since the epoch, signal number).
    stopped: whether somebody stopped or killed it through the engine; a container that its policy would have started
        again, and that stays down, was stopped.
    seconds: how long it ran, 0 where unknown.
    """

    code: int
    oom: bool = False
    signals: tuple[tuple[float, int], ...] = ()
    stopped: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Snapshot:
    """One look at a stack: what signatures read, and `not_looked_at` for what could not be read and why.

    `containers` are the project's own, or with `partial` only those that were asked for; `others` are all the rest.
    `mask` puts masks in the place of secrets.
    """

    project: str
    root: Path
    taken_at: float
    containers: tuple[Container, ...] = ()
    others: tuple[Container, ...] = ()
    events: tuple[Event, ...] = ()
    logs: Mapping[str, tuple[LogLine, ...]] = field(default_factory=dict[str, tuple[LogLine, ...]])
    networks: tuple[Network, ...] = ()
    stats: Mapping[str, Stats] = field(default_factory=dict[str, Stats])
    engine: EngineInfo | None = None
    stack: Stack | None = None
    not_looked_at: tuple[str, ...] = ()
    partial: bool = False
    mask: Callable[[str], str] = field(default=lambda text: text)

    @property
    def model(self) -> ComposeModel | None:
        """What the compose files say, None where there are none or they could not be read."""
        return self.stack.model if self.stack else None

    def events_of(self, container: Container) -> list[Event]:
        """The events of one container, oldest first; a replaced container of the same name does not count."""
        return [event for event in self.events if event.actor in {container.id, container.name}]

    def ending(self, container: Container) -> Ending | None:
        """How the last run ended; None for one that never ran or runs its first run.

        For a container that runs again after the engine restarted it, this is the end of the run before.
        """
        events = self.events_of(container)
        if container.running:
            deaths = [index for index, event in enumerate(events) if event.action == "die"]
            if not container.restart_count or not deaths:
                return None
            return _ending_from_events(events[: deaths[-1] + 1])
        if not container.finished_at and container.status == "created":
            return None
        from_events = _ending_from_events(events)
        return Ending(
            code=container.exit_code,
            oom=container.oom_killed or from_events.oom,
            signals=from_events.signals,
            stopped=from_events.stopped or (container.status == "exited" and container.restart_policy in RESTARTED),
            seconds=_seconds_between(container.started_at, container.finished_at) or from_events.seconds,
        )

    def uptime(self, container: Container) -> float:
        """Seconds since the last start of a running container; 0 where unknown."""
        started = seconds_of(container.started_at)
        return max(0.0, self.taken_at - started) if container.running and started else 0.0

    def recovered(self, container: Container) -> bool:
        """Whether a container that was restarted runs well again.

        It is past the engine's 10 seconds and, after several restarts, past twice the time that its last run took.
        """
        if not container.running or container.health not in {"", "healthy"}:
            return False
        ending = self.ending(container)
        lived = ending.seconds if ending and container.restart_count >= LOOP_RESTARTS else 0.0
        return self.uptime(container) > max(SETTLED_S, min(2 * lived, RELAPSE_S))

    def broken(self, container: Container) -> bool:
        """Whether a container is not as it should be now: failed, looping, never started or unhealthy."""
        if container.status in CRASHED or (container.error and not container.running):
            return True
        if container.running:
            failing = any(result.exit_code for result in container.health_log[-1:])
            unwell = container.health == "unhealthy" or (container.health == "starting" and failing)
            return unwell or (container.restart_count > 0 and not self.recovered(container))
        ending = self.ending(container)
        return ending is not None and ending.code not in ASKED_TO_STOP

    def owns_file_of(self, container: Container) -> bool:
        """Whether the compose file that was read is the one that this container was made from."""
        stack = self.stack
        if stack is None or container.project != stack.name or container.service not in stack.model.services:
            return False
        return is_within(stack.root, container.labels.get(FOLDER_LABEL, ""))

    def is_waited_for(self, container: Container) -> bool:
        """Whether another service depends on this one running (and not on its having completed)."""
        services = self.model.services.values() if self.model else ()
        return any(
            dependency.service == container.service and dependency.condition != "service_completed_successfully"
            for service in services
            for dependency in service.depends_on
        )

    def suspects(self) -> Iterator[Container]:
        """Containers whose log may tell something: broken or running; not those that ended well or were stopped."""
        for container in self.containers:
            if container.running or self.broken(container):
                yield container


def collect(
    ws: Workspace, only: Collection[str] = (), *, with_stats: bool = False, limit_s: float = LIMIT_S
) -> Snapshot:
    """Look at everything once; parts that fail or take too long are named in `not_looked_at`.

    Parameters
    ----------
    only: names of containers to keep to, of any project; empty for all of the own project.
    with_stats: also measure CPU, memory and throttling, which takes about one second more.
    limit_s: how long all of it may take, seconds.

    Raises
    ------
    EngineUnreachable: no engine answers.
    """
    with _Collector(limit_s) as collector:
        now = ws.host.now()
        lately = {"since": now - LOOK_BACK_S, "until": now}
        listed = collector.start(ws.host.containers)
        engine = collector.start(ws.host.engine)
        networks = collector.start(ws.host.networks)
        events = collector.start(lambda: ws.host.events(**lately, filters={"type": "container"}))
        stack = _read_stack(ws, collector.missed)
        everything = collector.need(listed)
        own = [each for each in everything if (each.name in only if only else ws.owns_container(each))]
        draft = Snapshot(
            project=ws.project,
            root=ws.root,
            taken_at=now,
            containers=tuple(own),
            others=tuple(each for each in everything if each not in own),
            events=tuple(collector.get("events", events, ())),
            networks=tuple(collector.get("networks", networks, ())),
            engine=collector.get("engine", engine, None),
            stack=stack,
            partial=bool(only),
            mask=ws.mask,
        )
        told = [each for each in draft.suspects() if each.status != "created"]
        told.sort(key=lambda each: not draft.broken(each))
        logs = {each.name: collector.start(_reader(ws, each.name)) for each in told[:MAX_LOGS]}
        collector.missed.extend(f"log of {each.name}: only {MAX_LOGS} logs are read" for each in told[MAX_LOGS:])
        names = [each.name for each in own if each.running] if with_stats else []
        readings = collector.start(lambda: ws.host.stats(names) if names else [])
        return replace(
            draft,
            logs={name: tuple(collector.get(f"log of {name}", log, ())) for name, log in logs.items()},
            stats={reading.name: reading for reading in collector.get("stats", readings, ())},
            not_looked_at=tuple(collector.missed),
        )


def seconds_of(stamp: str) -> float:
    """Seconds since the epoch of an RFC 3339 time with up to nine digits of a second; 0 for none."""
    with contextlib.suppress(ValueError, OverflowError):
        head, dot, rest = stamp.partition(".")
        zone = rest.lstrip("0123456789")
        digits = rest[: len(rest) - len(zone)][:6]
        return datetime.fromisoformat(f"{head}.{digits}{zone}" if dot else head).timestamp()
    return 0.0


class _Collector:
    """Runs reads in threads and notes those that failed or did not come in time."""

    def __init__(self, limit_s: float) -> None:
        self._pool = ThreadPoolExecutor(16)
        self._limit_s = limit_s
        self._until = time.monotonic() + limit_s
        self.missed: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(self, read: Callable[[], T]) -> Future[T]:
        return self._pool.submit(read)

    def need(self, future: Future[T]) -> T:
        try:
            return future.result(max(0.1, self._until - time.monotonic()))
        except FutureTimeoutError:
            raise EngineUnreachable(
                f"The engine did not list its containers within {self._limit_s:g} seconds.",
                "Check its load and try again.",
            ) from None

    def get(self, what: str, future: Future[T], missing: D) -> T | D:
        try:
            return future.result(max(0.1, self._until - time.monotonic()))
        except FutureTimeoutError:
            self.missed.append(f"{what}: no answer within {self._limit_s:g} s")
        except AgentError as error:
            self.missed.append(f"{what}: {error.message}")
        return missing


def _reader(ws: Workspace, name: str) -> Callable[[], list[LogLine]]:
    return lambda: ws.host.logs(name, tail=LOG_LINES)


def _read_stack(ws: Workspace, missed: list[str]) -> Stack | None:
    try:
        stack = stack_of(ws)
    except AgentError as error:
        missed.append(f"compose file: {error.message}")
        return None
    if stack is None:
        missed.append("compose file: there is none in the project's folder")
    return stack


def _ending_from_events(events: list[Event]) -> Ending:
    """The last run in a list of events that ends with that run."""
    starts = [index for index, event in enumerate(events) if event.action == "start"]
    run = events[starts[-1] :] if starts else events
    deaths = [event for event in run if event.action == "die"]
    death = deaths[-1].attributes if deaths else {}
    return Ending(
        code=_number(death.get("exitCode", "0")),
        oom=any(event.action == "oom" for event in run),
        signals=tuple(
            (event.time, _number(event.attributes.get("signal", "0"))) for event in run if event.action == "kill"
        ),
        stopped=any(event.action in {"stop", "kill"} for event in run),
        seconds=float(_number(death.get("execDuration", "0"))),
    )


def _number(word: str) -> int:
    return int(word) if word.isascii() and word.isdigit() else 0


def _seconds_between(begin: str, end: str) -> float:
    first, last = seconds_of(begin), seconds_of(end)
    return last - first if first and last > first else 0.0
