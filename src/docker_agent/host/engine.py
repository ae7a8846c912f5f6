"""The real host's looking half: docker-py behind our own verbs, files and programs beside it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from docker_agent.core.errors import InputError
from docker_agent.host import bounded, compose_cli, files, namespace, probe
from docker_agent.host.changes import EngineChanges
from docker_agent.host.connect import Connection, asking
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
from docker_agent.host.pictures import container_of, event_of, image_of, log_lines_of, network_of, stats_of, streams_of

WORKERS = 16
T = TypeVar("T")


def connect(environment: Mapping[str, str] = os.environ, *, seen: Callable[[Container], None] | None = None) -> Host:
    """The machine that the environment points at; nothing is asked of the engine before the first verb.

    Parameters
    ----------
    seen: gets every container that was inspected, before anybody else does; that is where secrets are learnt.
    """
    connection = Connection(environment)
    return Host(reads=EngineReads(connection, environment, seen), changes=EngineChanges(connection, environment))


class EngineReads:
    """Looking at a real engine; satisfies `host.Reads`."""

    def __init__(
        self, connection: Connection, environment: Mapping[str, str], seen: Callable[[Container], None] | None = None
    ) -> None:
        self._connection = connection
        self._environment = dict(environment)
        self._seen = seen

    @property
    def _api(self) -> Any:
        return self._connection.api

    def engine(self) -> EngineInfo:
        """The engine's version, context and limits."""
        with asking("engine"):
            info: dict[str, Any] = self._api.info()
            api_version = str(self._api.api_version)
        return EngineInfo(
            version=info.get("ServerVersion", ""),
            api_version=api_version,
            os=info.get("OperatingSystem", ""),
            architecture=info.get("Architecture", ""),
            kernel=info.get("KernelVersion", ""),
            storage_driver=info.get("Driver", ""),
            cgroup_version=str(info.get("CgroupVersion", "")),
            cpus=int(info.get("NCPU") or 0),
            memory=int(info.get("MemTotal") or 0),
            context=self._connection.context,
            endpoint=self._connection.endpoint,
            warnings=tuple(info.get("Warnings") or ()),
            runtimes=tuple(sorted(info.get("Runtimes") or ())),
            cdi_devices=tuple(sorted(str(each.get("ID")) for each in info.get("DiscoveredDevices") or ())),
        )

    def containers(self, project: str = "", *, include_stopped: bool = True) -> list[Container]:
        """Containers sorted by name, inspected side by side; one that vanishes meanwhile is left out."""
        filters = {"label": f"com.docker.compose.project={project}"} if project else None
        with asking("containers"):
            rows: list[dict[str, Any]] = self._api.containers(all=include_stopped, filters=filters)
        found = self._side_by_side(self._inspect_if_there, [str(row["Id"]) for row in rows])
        return sorted((container for container in found if container), key=lambda container: container.name)

    def container(self, name: str) -> Container:
        """One container by name or id."""
        with asking(f"container {name}"):
            container = container_of(self._api.inspect_container(name))
        if self._seen is not None:
            self._seen(container)
        return container

    def logs(self, name: str, *, tail: int = 200, since: float = 0.0, until: float = 0.0) -> list[LogLine]:
        """The last lines of a container's log, both streams in the order of time."""
        limits: dict[str, Any] = {"tail": tail}
        if since:
            limits["since"] = since
        if until:
            limits["until"] = until
        container = self.container(name)
        with asking(f"logs of {name}"):
            data = bounded.log_bytes(self._api, container.id, limits)
        return log_lines_of(*((data, b"") if container.tty else streams_of(data)))

    def events(self, *, since: float, until: float, filters: dict[str, str] | None = None) -> list[Event]:
        """Events between two times; a later end than now is cut to now, so that it never waits."""
        with asking("events"):
            stream: Iterable[dict[str, Any]] = self._api.events(
                since=f"{since:.6f}", until=f"{min(until, time.time()):.6f}", filters=filters, decode=True
            )
            return [event_of(raw) for raw in stream]

    def processes(self, name: str) -> list[dict[str, str]]:
        """The processes of a running container."""
        with asking(f"processes of {name}"):
            table: dict[str, Any] = self._api.top(name)
        titles: list[str] = table.get("Titles") or []
        rows: list[list[str]] = table.get("Processes") or []
        return [dict(zip(titles, row, strict=False)) for row in rows]

    def stats(self, names: Sequence[str], *, now: bool = False) -> list[Stats]:
        """One reading for each running container, all at the same time (about one second in all, none with `now`)."""

        def read(name: str) -> Stats | None:
            try:
                with asking(f"stats of {name}"):
                    return stats_of(name, self._api.stats(name, stream=False, one_shot=now or None))
            except InputError:
                return None

        return [reading for reading in self._side_by_side(read, list(names)) if reading]

    def images(self) -> list[Image]:
        """All local images."""
        with asking("images"):
            return [image_of(raw) for raw in self._api.images()]

    def image(self, name: str) -> Image:
        """One local image by tag, digest or id."""
        with asking(f"image {name}"):
            return image_of(self._api.inspect_image(name))

    def networks(self) -> list[Network]:
        """All networks with what is attached; one that vanishes meanwhile is left out."""
        with asking("networks"):
            rows: list[dict[str, Any]] = self._api.networks()
        found = self._side_by_side(self._network_if_there, [str(row["Id"]) for row in rows])
        return sorted((network for network in found if network), key=lambda network: network.name)

    def volumes(self) -> list[Volume]:
        """All volumes."""
        with asking("volumes"):
            rows: list[dict[str, Any]] = self._api.volumes().get("Volumes") or []
        return [
            Volume(
                name=row.get("Name", ""),
                driver=row.get("Driver", ""),
                mountpoint=row.get("Mountpoint", ""),
                created_at=row.get("CreatedAt") or "",
                labels=row.get("Labels") or {},
                options=row.get("Options") or {},
            )
            for row in sorted(rows, key=lambda row: str(row.get("Name")))
        ]

    def compose(self, arguments: Sequence[str], *, cwd: Path, timeout_s: float = 30.0) -> Ran:
        """Run a reading `docker compose` command."""
        return compose_cli.compose(arguments, cwd=cwd, timeout_s=timeout_s, environment=self._environment)

    def program(self, name: str, *arguments: str, timeout_s: float = 20.0) -> Ran:
        """Run a program that only looks."""
        return compose_cli.program(name, arguments, timeout_s=timeout_s, environment=self._environment)

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
        """Ask a URL or a port for an answer."""
        return probe.probe(url, timeout_s=timeout_s, via=via, headers=headers, ca=ca, insecure=insecure, method=method)

    def probe_from(self, name: str, target: str, *, timeout_s: float = 5.0) -> Reach:
        """Ask an address from inside a container's network."""
        container = self.container(name)
        return namespace.reach(
            container,
            target,
            timeout_s,
            pid=namespace.process_here(container, self._connection.endpoint),
            execute=lambda argv: self._execute(container, argv, namespace.longest_s(timeout_s)),
        )

    def listening(self, name: str) -> list[Listener]:
        """What listens in the network of a running container."""
        container = self.container(name)
        return namespace.listening(
            container,
            pid=namespace.process_here(container, self._connection.endpoint),
            execute=lambda argv: self._execute(container, argv),
        )

    def read_file(self, path: Path) -> bytes:
        """The bytes of a file."""
        return files.read_file(path)

    def find_files(self, root: Path, pattern: str) -> list[Path]:
        """Files below a folder that match a glob."""
        return files.find_files(root, pattern)

    def file_kind(self, path: Path) -> files.FileKind:
        """What a path leads to, "" for nothing."""
        return files.file_kind(path)

    def file_mode(self, path: Path) -> int:
        """The permission bits of what a path leads to, 0 where nothing is."""
        return files.file_mode(path)

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def _execute(self, container: Container, argv: Sequence[str], limit_s: float = bounded.EXEC_S) -> tuple[int, str]:
        with asking(f"exec in {container.name}"):
            return bounded.execute(self._api, container.id, argv, limit_s)

    def _inspect_if_there(self, key: str) -> Container | None:
        try:
            return self.container(key)
        except InputError:
            return None

    def _network_if_there(self, key: str) -> Network | None:
        try:
            with asking(f"network {key}"):
                return network_of(self._api.inspect_network(key))
        except InputError:
            return None

    @staticmethod
    def _side_by_side(read: Callable[[str], T], keys: list[str]) -> list[T]:
        if len(keys) <= 1:
            return [read(key) for key in keys]
        with ThreadPoolExecutor(min(WORKERS, len(keys))) as pool:
            return list(pool.map(read, keys))
