"""The two halves of the host: `Reads` looks and is all that tools are handed, `Changes` acts and belongs to apply.

The real halves are `engine.EngineReads` and `changes.EngineChanges`; the fake ones are in `fake`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from docker_agent.core.plan import Argv, Engine
from docker_agent.host.files import FileKind
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

Tell = Callable[[str], None]


class Reads(Protocol):
    """Looking at the engine and at files, with nothing that can change them.

    Every engine verb raises `EngineUnreachable` where no engine answers and `InputError` where the object is not there.
    """

    def engine(self) -> EngineInfo:
        """The engine's version, context and limits."""
        ...

    def containers(self, project: str = "", *, include_stopped: bool = True) -> list[Container]:
        """Containers, all of them or those of one compose project, sorted by name, each inspected."""
        ...

    def container(self, name: str) -> Container:
        """One container by name or id."""
        ...

    def logs(self, name: str, *, tail: int = 200, since: float = 0.0, until: float = 0.0) -> list[LogLine]:
        """The last lines of a container's log; times in seconds since the epoch, 0 for open ends."""
        ...

    def events(self, *, since: float, until: float, filters: dict[str, str] | None = None) -> list[Event]:
        """Events between two times in seconds since the epoch; never waits for new ones."""
        ...

    def processes(self, name: str) -> list[dict[str, str]]:
        """The processes of a running container, as `docker top` shows them."""
        ...

    def stats(self, names: Sequence[str], *, now: bool = False) -> list[Stats]:
        """One reading for each running container, read in parallel (about one second in all).

        With `now` at once: counters as they are, and CPU as the share since the machine's start.
        """
        ...

    def images(self) -> list[Image]:
        """All local images that have a name or are in use."""
        ...

    def image(self, name: str) -> Image:
        """One local image by tag, digest or id."""
        ...

    def networks(self) -> list[Network]:
        """All networks with what is attached."""
        ...

    def volumes(self) -> list[Volume]:
        """All volumes."""
        ...

    def compose(self, arguments: Sequence[str], *, cwd: Path, timeout_s: float = 30.0) -> Ran:
        """Run a reading `docker compose` command (config, ps, version, ...); refuses any other with `InputError`."""
        ...

    def program(self, name: str, *arguments: str, timeout_s: float = 20.0) -> Ran:
        """Run a program that only looks (its version, a scan); raises `ToolMissing` where it is not installed."""
        ...

    def probe(
        self,
        url: str,
        *,
        timeout_s: float = 10.0,
        via: str = "",
        headers: Sequence[tuple[str, str]] = (),
        ca: str = "",
        insecure: bool = False,
        method: str = "GET",
    ) -> Answer:
        """Ask a URL (http, https) or a port (tcp://host:port) for an answer; see `host.probe.probe`."""
        ...

    def probe_from(self, name: str, target: str, *, timeout_s: float = 5.0) -> Reach:
        """Ask `tcp://HOST:PORT`, `http://HOST:PORT/PATH` or `dns:NAME` from inside a container's network."""
        ...

    def listening(self, name: str) -> list[Listener]:
        """What listens in the network of a running container; raises `InputError` where that cannot be looked at."""
        ...

    def read_file(self, path: Path) -> bytes:
        """The bytes of a file; raises `InputError` with the reason where it cannot be read."""
        ...

    def find_files(self, root: Path, pattern: str) -> list[Path]:
        """Files below a folder that match a glob, sorted, hidden and vendored folders left out."""
        ...

    def file_kind(self, path: Path) -> FileKind:
        """What a path leads to, "" for nothing."""
        ...

    def file_mode(self, path: Path) -> int:
        """The permission bits of what a path leads to, 0 where nothing is."""
        ...

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; the fake only moves its clock."""
        ...


class Changes(Protocol):
    """Acting on the engine and on files; only `apply` holds this half."""

    def call(self, step: Engine) -> str:
        """Carry out one engine call; returns what was done in a few words."""
        ...

    def run(self, step: Argv, tell: Tell) -> Ran:
        """Run a program; each line of its output goes to `tell` as it comes."""
        ...

    def write_file(self, path: Path, data: bytes, mode: int | None = None) -> None:
        """Write a whole file atomically (temporary file, fsync, rename); the old one stays whole on any failure."""
        ...

    def remove_file(self, path: Path) -> None:
        """Remove one file."""
        ...


@dataclass(frozen=True)
class Host:
    """Both halves of one machine."""

    reads: Reads
    changes: Changes
