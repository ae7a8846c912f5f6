"""The picture that signatures look at: one look at a project, and the questions that many of them ask of it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from docker_agent.core.finding import Finding
from docker_agent.domains.diagnose.telling import is_telling
from docker_agent.domains.proxy import ProxyState
from docker_agent.host.models import Container, EngineInfo, Event, Image, Listener, LogLine, Network, Stats, Volume
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.stack import Stack
from docker_agent.project.workspace import FOLDER_LABEL, is_within

REPLACING = re.compile(r"[0-9a-f]{12}_(?=[a-z0-9])")
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
class Message:
    """What a program said when it failed, or the engine warns of; untrusted text, at most 20,000 characters of it.

    `source` is how it is called in findings: `message` for one that somebody handed over, `engine` for a warning.
    `numbers` are those of its lines in what was handed over, where lines were left out; `left_out` says what was.
    """

    source: str
    text: str
    numbers: tuple[int, ...] = ()
    left_out: str = ""


@dataclass(frozen=True)
class Snapshot:
    """One look at a stack: what signatures read, and `not_looked_at` for what could not be read and why.

    `containers` are the project's own, or with `partial` only those that were asked for; `others` are all the rest.
    `refused` is why Compose would refuse the files, by the codes of its checks.
    `listening` has what listens inside running containers that publish ports or are proxied, by name, where known.
    `images` are those of broken containers, by the name that the container has for it, where they are still there.
    `absent_images` are those that a service without a container asks for and this machine does not have.
    `proxies` are the reverse proxies that have to do with these containers, of whatever project.
    `messages` are what programs said, outside any container's log. `mask` puts masks in the place of secrets.
    """

    project: str
    root: Path
    taken_at: float
    containers: tuple[Container, ...] = ()
    others: tuple[Container, ...] = ()
    events: tuple[Event, ...] = ()
    logs: Mapping[str, tuple[LogLine, ...]] = field(default_factory=dict[str, tuple[LogLine, ...]])
    messages: tuple[Message, ...] = ()
    images: Mapping[str, Image] = field(default_factory=dict[str, Image])
    absent_images: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    volumes: tuple[Volume, ...] = ()
    stats: Mapping[str, Stats] = field(default_factory=dict[str, Stats])
    proxies: tuple[ProxyState, ...] = ()
    listening: Mapping[str, tuple[Listener, ...]] = field(default_factory=dict[str, tuple[Listener, ...]])
    engine: EngineInfo | None = None
    stack: Stack | None = None
    refused: tuple[Finding, ...] = ()
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
        if container.running:
            return self.last_death(container) if container.restart_count else None
        if not container.finished_at and container.status == "created":
            return None
        from_events = _ending_from_events(self.events_of(container))
        return Ending(
            code=container.exit_code,
            oom=container.oom_killed or from_events.oom,
            signals=from_events.signals,
            stopped=from_events.stopped or (container.status == "exited" and container.restart_policy in RESTARTED),
            seconds=_seconds_between(container.started_at, container.finished_at) or from_events.seconds,
        )

    def last_death(self, container: Container) -> Ending | None:
        """How the run before this one ended, by the events; also where somebody started the container again."""
        events = self.events_of(container)
        deaths = [index for index, event in enumerate(events) if event.action == "die"]
        return _ending_from_events(events[: deaths[-1] + 1]) if deaths else None

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

    def half_replaced(self, container: Container) -> bool:
        """Whether Compose was broken off while it replaced a container: two are there, one with a name in between."""
        pair = [each for each in self.containers if container.service and each.service == container.service]
        return len(pair) > 1 and not container.running and any(REPLACING.match(each.name) for each in pair)

    def owns_file_of(self, container: Container) -> bool:
        """Whether the compose file that was read is the one that this container was made from."""
        stack = self.stack
        if stack is None or container.project != stack.name or container.service not in stack.model.services:
            return False
        return is_within(stack.root, container.labels.get(FOLDER_LABEL, ""))

    @cached_property
    def runs(self) -> Mapping[str, tuple[LogLine, ...]]:
        """The lines of each container's run that matters: the last; of one that does not settle, those before too."""
        return {container.name: self._lines_of_run(container) for container in self.containers}

    @cached_property
    def telling(self) -> Mapping[str, tuple[LogLine, ...]]:
        """Of these lines the ones with words that are used when something is wrong: signatures look at no others."""
        return {name: tuple(line for line in lines if is_telling(line.text)) for name, lines in self.runs.items()}

    def _lines_of_run(self, container: Container) -> tuple[LogLine, ...]:
        lines = self.logs.get(container.name, ())
        started = seconds_of(container.started_at)
        if not started or (container.running and self.broken(container)):
            return lines
        return tuple(line for line in lines if not line.time or seconds_of(line.time) >= started - 1.0)

    def is_waited_for(self, container: Container) -> bool:
        """Whether another service depends on this one running (and not on its having completed)."""
        services = self.model.services.values() if self.model else ()
        return any(
            dependency.service == container.service and dependency.condition != "service_completed_successfully"
            for service in services
            for dependency in service.depends_on
        )

    @cached_property
    def suspects(self) -> tuple[Container, ...]:
        """Containers whose log may tell something: broken or running; not those that ended well or were stopped."""
        return tuple(each for each in self.containers if each.running or self.broken(each))


def seconds_of(stamp: str) -> float:
    """Seconds since the epoch of an RFC 3339 time with up to nine digits of a second; 0 for none."""
    with contextlib.suppress(ValueError, OverflowError):
        head, dot, rest = stamp.partition(".")
        zone = rest.lstrip("0123456789")
        digits = rest[: len(rest) - len(zone)][:6]
        return datetime.fromisoformat(f"{head}.{digits}{zone}" if dot else head).timestamp()
    return 0.0


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
