"""A host in memory with the same verbs as the real one, for tests, demonstrations and evaluations."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from docker_agent.core.errors import AgentError, InputError, ToolMissing
from docker_agent.host.compose_cli import command_of, only_reads
from docker_agent.host.fake_changes import FakeChanges
from docker_agent.host.files import FileKind, is_skipped
from docker_agent.host.host import Host
from docker_agent.host.models import (
    Answer,
    Container,
    EngineInfo,
    Event,
    Image,
    Listener,
    LogLine,
    Network,
    Ran,
    Reach,
    Stats,
    Volume,
)
from docker_agent.host.probe import address_of

Reaction = Callable[["World", tuple[str, ...]], Ran | None]

ENGINE = EngineInfo(version="28.5.2", api_version="1.51", cpus=2, memory=8 << 30, storage_driver="overlay2")
START = 1_800_000_000.0


@dataclass
class World:
    """What the fake machine holds; tests change it freely, the two halves below only as the real ones would.

    Attributes
    ----------
    seen: gets every container that was looked at.
    down: what every engine verb raises, for a machine without an engine.
    full: writing a file fails as on a full disk.
    reactions: for programs, what to do for an argv that starts with these words; the longest match wins.
    reached: what (container, target) answers from inside a container's network.
    listeners: what listens in a container's network; by default every port that it publishes.
    later: (time, change) pairs carried out when the clock passes.
    done: every change that was made, in words, in order.
    """

    containers: dict[str, Container] = field(default_factory=dict[str, Container])
    images: dict[str, Image] = field(default_factory=dict[str, Image])
    networks: dict[str, Network] = field(default_factory=dict[str, Network])
    volumes: dict[str, Volume] = field(default_factory=dict[str, Volume])
    lines: dict[str, list[LogLine]] = field(default_factory=dict[str, list[LogLine]])
    happened: list[Event] = field(default_factory=list[Event])
    readings: dict[str, Stats] = field(default_factory=dict[str, Stats])
    processes: dict[str, list[dict[str, str]]] = field(default_factory=dict[str, list[dict[str, str]]])
    files: dict[Path, bytes] = field(default_factory=dict[Path, bytes])
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    reached: dict[tuple[str, str], Reach] = field(default_factory=dict[tuple[str, str], Reach])
    listeners: dict[str, list[Listener]] = field(default_factory=dict[str, list[Listener]])
    reactions: dict[tuple[str, ...], Reaction] = field(default_factory=dict[tuple[str, ...], Reaction])
    later: list[tuple[float, Callable[[World], None]]] = field(
        default_factory=list[tuple[float, Callable[["World"], None]]]
    )
    done: list[str] = field(default_factory=list[str])
    engine: EngineInfo = ENGINE
    seen: Callable[[Container], None] | None = None
    down: AgentError | None = None
    full: bool = False
    clock: float = START

    @property
    def host(self) -> Host:
        """Both halves over this world."""
        return Host(reads=FakeReads(self), changes=FakeChanges(self))

    def add(self, *containers: Container) -> World:
        """Put containers there; each gets an id from its name where it has none."""
        for container in containers:
            self.containers[container.name] = container
        return self

    def say(self, name: str, *texts: str, stream: str = "stdout") -> World:
        """Add lines to a container's log."""
        lines = self.lines.setdefault(name, [])
        lines.extend(
            LogLine(number=len(lines) + 1 + index, stream=stream, text=text) for index, text in enumerate(texts)
        )
        return self

    def happen(self, action: str, name: str, *, ago: float = 60.0, **attributes: str) -> World:
        """Add a container event, `ago` seconds in the past."""
        self.happened.append(
            Event(time=self.clock - ago, kind="container", action=action, actor=name, name=name, attributes=attributes)
        )
        return self

    def react(
        self, *start: str, reaction: Reaction | None = None, code: int = 0, out: str = "", err: str = ""
    ) -> World:
        """Say what a program does when its argv starts with these words."""
        plain: Reaction = lambda _world, argv: Ran(argv=argv, code=code, out=out, err=err)  # noqa: E731
        self.reactions[start] = reaction or plain
        return self

    def change(self, name: str, **fields: object) -> None:
        """Replace fields of one container."""
        self.containers[name] = self.containers[name].model_copy(update=fields)

    def ran(self, argv: tuple[str, ...]) -> Ran:
        """How a program ends here.

        Raises
        ------
        ToolMissing: nothing was said about any program of this name.
        """
        fitting = [start for start in self.reactions if argv[: len(start)] == start or _compose_fits(start, argv)]
        if not fitting:
            raise ToolMissing(f"{argv[0]} is not installed.", "See `docker-agent doctor` for how to get it.")
        answer = self.reactions[max(fitting, key=len)](self, argv)
        return answer or Ran(argv=argv, code=0)


class FakeReads:
    """Looking at a world; satisfies `host.Reads`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def _ask(self) -> World:
        if self._world.down is not None:
            raise self._world.down
        return self._world

    def _show(self, container: Container) -> Container:
        if self._world.seen is not None:
            self._world.seen(container)
        return container

    def engine(self) -> EngineInfo:
        """The engine's version."""
        return self._ask().engine

    def containers(self, project: str = "", *, include_stopped: bool = True) -> list[Container]:
        """Containers sorted by name."""
        return [
            self._show(container)
            for _, container in sorted(self._ask().containers.items())
            if (not project or container.project == project) and (include_stopped or container.running)
        ]

    def container(self, name: str) -> Container:
        """One container by name or id."""
        for container in self._ask().containers.values():
            if name == container.name or (container.id and container.id.startswith(name)):
                return self._show(container)
        raise InputError(f"container {name}: No such container: {name}.")

    def logs(self, name: str, *, tail: int = 200, since: float = 0.0, until: float = 0.0) -> list[LogLine]:
        """The last lines of a log; time limits are not kept here."""
        del since, until
        lines = self._ask().lines.get(self.container(name).name, [])[-tail:]
        return [line._replace(number=index) for index, line in enumerate(lines, 1)]

    def events(self, *, since: float, until: float, filters: dict[str, str] | None = None) -> list[Event]:
        """Events between two times; of the filters `container`, `type` and `event` count."""
        wanted = filters or {}
        return [
            event
            for event in self._ask().happened
            if since <= event.time <= until
            and wanted.get("container", event.name) == event.name
            and wanted.get("type", event.kind) == event.kind
            and wanted.get("event", event.action) == event.action
        ]

    def processes(self, name: str) -> list[dict[str, str]]:
        """The processes of a container."""
        return self._ask().processes.get(self.container(name).name, [])

    def stats(self, names: Sequence[str], *, now: bool = False) -> list[Stats]:
        """Readings of the named containers, those that run and have one."""
        del now
        world = self._ask()
        running = {name for name in names if name in world.containers and world.containers[name].running}
        return [world.readings[name] for name in names if name in running and name in world.readings]

    def images(self) -> list[Image]:
        """All local images."""
        return list(self._ask().images.values())

    def image(self, name: str) -> Image:
        """One local image by tag or id."""
        for image in self._ask().images.values():
            if name in {image.id, *image.tags}:
                return image
        raise InputError(f"image {name}: No such image: {name}.")

    def networks(self) -> list[Network]:
        """All networks."""
        return list(self._ask().networks.values())

    def volumes(self) -> list[Volume]:
        """All volumes."""
        return list(self._ask().volumes.values())

    def compose(self, arguments: Sequence[str], *, cwd: Path, timeout_s: float = 30.0) -> Ran:
        """A reading compose command, as the reactions say."""
        del cwd, timeout_s
        if not only_reads(arguments):
            raise InputError(f"`docker compose {command_of(arguments)}` is not known to only look.")
        return self._world.ran(("docker", "compose", *arguments))

    def program(self, name: str, *arguments: str, timeout_s: float = 20.0) -> Ran:
        """A reading program, as the reactions say."""
        del timeout_s
        return self._world.ran((name, *arguments))

    def probe(self, url: str, *, timeout_s: float = 10.0, via: str = "", **asked: object) -> Answer:
        """The answer that the world holds for `URL via IP:PORT`, else for the URL."""
        del asked
        address_of(url, via)
        refused = Answer(error="connection refused", seconds=min(timeout_s, 0.01))
        return self._world.answers.get(f"{url} via {via}", self._world.answers.get(url, refused))

    def probe_from(self, name: str, target: str, *, timeout_s: float = 5.0) -> Reach:
        """The answer that the world holds for this target, asked from this container."""
        refused = Reach(way="in memory", failure="refused", detail="connection refused", seconds=min(timeout_s, 0.01))
        return self._world.reached.get((self.container(name).name, target), refused)

    def listening(self, name: str) -> list[Listener]:
        """What listens in a container's network."""
        container = self.container(name)
        open_ports = {(port.container_port, port.protocol) for port in container.ports}
        usual = [Listener(ip="::", port=port, protocol=protocol) for port, protocol in sorted(open_ports)]
        return self._world.listeners.get(container.name, usual)

    def read_file(self, path: Path) -> bytes:
        """The bytes of a file."""
        if path not in self._world.files:
            raise InputError(f"{path} cannot be read: No such file or directory.") from FileNotFoundError(path)
        return self._world.files[path]

    def find_files(self, root: Path, pattern: str) -> list[Path]:
        """Files below a folder that match a glob."""
        below = [path for path in self._world.files if path.is_relative_to(root)]
        wanted = PurePath(pattern).parts
        return sorted(
            path
            for path in below
            if _matches(path.relative_to(root).parts, wanted) and not is_skipped(path.relative_to(root))
        )

    def file_kind(self, path: Path) -> FileKind:
        """What a path leads to; a folder is what a file lies in."""
        if path in self._world.files:
            return "file"
        return "folder" if any(path in file.parents for file in self._world.files) else ""

    def file_mode(self, path: Path) -> int:
        """The usual permission bits of what is there, 0 where nothing is."""
        return {"file": 0o644, "folder": 0o755}.get(self.file_kind(path), 0)

    def now(self) -> float:
        """The world's clock."""
        return self._world.clock

    def sleep(self, seconds: float) -> None:
        """Move the clock and carry out what was due."""
        self._world.clock += seconds
        due = [entry for entry in self._world.later if entry[0] <= self._world.clock]
        self._world.later = [entry for entry in self._world.later if entry[0] > self._world.clock]
        for _, change in due:
            change(self._world)


def _matches(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether a path matches a glob, part by part; `**` stands for any number of folders."""
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return _matches(parts, wanted[1:]) or (bool(parts) and _matches(parts[1:], wanted))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], wanted[0]) and _matches(parts[1:], wanted[1:])


def _compose_fits(start: tuple[str, ...], argv: tuple[str, ...]) -> bool:
    """`("docker", "compose", "up")` fits an argv with global options before the subcommand."""
    if start[:2] != ("docker", "compose") or argv[:2] != ("docker", "compose") or len(start) < 3:
        return False
    command = command_of(argv[2:])
    if command != start[2]:
        return False
    rest = argv[argv.index(command) :]
    return rest[: len(start) - 2] == start[2:]
