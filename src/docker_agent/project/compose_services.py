"""Typed services out of merged nodes; what Compose would refuse is reported, and the rest still read."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from difflib import get_close_matches
from typing import TypeVar

from docker_agent.project.compose_entries import (
    has_gpu,
    read_aliases,
    read_devices,
    read_env_files,
    read_tmpfs,
    read_ulimits,
)
from docker_agent.project.compose_nodes import Entry, Mapping, Node, Place, Scalar, Sequence, plain_value
from docker_agent.project.compose_texts import (
    has_unset,
    mapping,
    names,
    optional,
    pairs,
    sources,
    text,
    texts,
)
from docker_agent.project.compose_types import (
    Build,
    Dependency,
    Healthcheck,
    Logging,
    Mount,
    Problem,
    PublishedPort,
    Service,
)
from docker_agent.project.compose_values import read_bool, read_duration, read_mount, read_number, read_port, read_size
from docker_agent.project.compose_words import SERVICE

T = TypeVar("T")

_TIMES = ("interval", "timeout", "start_period", "start_interval")


class ServiceReader:
    """Reads services and collects the problems on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, place: Place, message: str, near: str = "", *, code: str = "schema", certain: bool = True) -> None:
        """Note a problem."""
        self.problems.append(Problem(code, place, message, near, certain))

    def service(self, entry: Entry) -> Service | None:
        """The service of one entry of `services`, None where it is no mapping."""
        name, node = entry.key.value, entry.value
        if not isinstance(node, Mapping):
            self.wrong(node.place, f"services.{name} must be a mapping")
            return None
        known = self._known_words(name, node)
        if not known.keys() & {"image", "build", "provider", "extends"}:
            self.wrong(entry.key.place, f"{name} has neither an image nor a build")
        deploy = mapping(known.get("deploy"))
        limits = mapping(mapping(deploy.get("resources")).get("limits"))
        reservations = mapping(mapping(deploy.get("resources")).get("reservations"))
        restart = mapping(deploy.get("restart_policy"))
        env_files = read_env_files(known.get("env_file"))
        self._check_limits(known, deploy)
        return Service(
            name=name,
            place=entry.key.place,
            raw=node,
            image=text(known.get("image")),
            build=self._build(known.get("build")),
            command=self._words(known.get("command")),
            entrypoint=self._words(known.get("entrypoint")),
            environment=self.pairs(known.get("environment")),
            env_files=tuple(file.path for file in env_files),
            env_file_entries=env_files,
            ports=self._ports(known.get("ports")),
            mounts=self._mounts(known.get("volumes")),
            networks=names(known.get("networks")),
            network_aliases=read_aliases(known.get("networks")),
            network_mode=text(known.get("network_mode")),
            depends_on=self._dependencies(known.get("depends_on")),
            healthcheck=self._healthcheck(known.get("healthcheck")),
            restart=text(known.get("restart")),
            restart_condition=text(restart.get("condition")),
            memory=self._cast(limits.get("memory") or known.get("mem_limit"), read_size, 0),
            cpus=self._cast(limits.get("cpus") or known.get("cpus"), read_number, 0.0),
            pids=int(self._cast(limits.get("pids") or known.get("pids_limit"), read_number, 0.0)),
            replicas=int(self._cast(deploy.get("replicas") or known.get("scale"), read_number, 1.0)),
            memory_reserved=self._cast(reservations.get("memory") or known.get("mem_reservation"), read_size, 0),
            cpus_reserved=self._cast(reservations.get("cpus"), read_number, 0.0),
            memswap=self._cast(known.get("memswap_limit"), read_size, 0),
            mem_swappiness=self._cast(known.get("mem_swappiness"), int, None),
            shm_size=self._cast(known.get("shm_size"), read_size, 0),
            ulimits=read_ulimits(known.get("ulimits")),
            user=text(known.get("user")),
            privileged=self._cast(known.get("privileged"), read_bool, default=False),
            init=self._cast(known.get("init"), read_bool, default=False),
            read_only=self._cast(known.get("read_only"), read_bool, default=False),
            container_name=text(known.get("container_name")),
            stop_grace_period_s=self._cast(known.get("stop_grace_period"), read_duration, None),
            security_opt=texts(known.get("security_opt")),
            cap_add=texts(known.get("cap_add")),
            cap_drop=texts(known.get("cap_drop")),
            tmpfs=texts(known.get("tmpfs")),
            tmpfs_mounts=read_tmpfs(known.get("tmpfs")),
            devices=read_devices(known.get("devices")),
            gpus=has_gpu(known, reservations),
            ipc=text(known.get("ipc")),
            pid=text(known.get("pid")),
            uts=text(known.get("uts")),
            cgroup=text(known.get("cgroup")),
            cgroup_parent=text(known.get("cgroup_parent")),
            userns_mode=text(known.get("userns_mode")),
            hostname=text(known.get("hostname")),
            pull_policy=text(known.get("pull_policy")),
            platform=text(known.get("platform")),
            stop_signal=text(known.get("stop_signal")),
            links=texts(known.get("links")),
            external_links=texts(known.get("external_links")),
            volumes_from=texts(known.get("volumes_from")),
            expose=texts(known.get("expose")),
            sysctls=pairs(known.get("sysctls")),
            extra_hosts=pairs(known.get("extra_hosts"), "=:"),
            tty=self._cast(known.get("tty"), read_bool, default=False),
            stdin_open=self._cast(known.get("stdin_open"), read_bool, default=False),
            develop="develop" in known,
            profiles=texts(known.get("profiles")),
            secrets=sources(known.get("secrets")),
            configs=sources(known.get("configs")),
            labels=self.pairs(known.get("labels")),
            deploy_labels=pairs(deploy.get("labels")),
            models=names(known.get("models")),
            logging=self._logging(known.get("logging")),
            extends="extends" in known,
        )

    def pairs(self, node: Node | None) -> dict[str, str | None]:
        """A list of KEY=VALUE or a mapping as pairs; a key without a value has None."""
        match node:
            case Mapping():
                for entry in node.entries:
                    if not isinstance(entry.value, Scalar):
                        self.wrong(entry.value.place, f"{entry.key.value} must be text, a number, true, false or empty")
                return {entry.key.value: optional(entry.value) for entry in node.entries}
            case Sequence():
                split = [item.value.partition("=") for item in node.items if isinstance(item, Scalar)]
                return {key: value if equals else None for key, equals, value in split}
            case _:
                return {}

    def _known_words(self, name: str, node: Mapping) -> dict[str, Node]:
        known: dict[str, Node] = {}
        for entry in node.entries:
            key = entry.key.value
            shapes = SERVICE.get(key)
            if shapes is None:
                if not key.startswith("x-"):
                    near = (get_close_matches(key, SERVICE, n=1) or [""])[0]
                    self.wrong(entry.key.place, f'services.{name} has no "{key}"', near, certain=False)
            elif not _empty(entry.value):
                if _shape(entry.value) in shapes:
                    known[key] = entry.value
                else:
                    self.wrong(entry.value.place, f"services.{name}.{key} must be a {' or a '.join(shapes)}")
        return known

    def _check_limits(self, known: dict[str, Node], deploy: dict[str, Node]) -> None:
        """Compose refuses an old key beside a `deploy` section that says something else, or nothing, of the same."""
        resources = mapping(deploy.get("resources"))
        limits, reservations = mapping(resources.get("limits")), mapping(resources.get("reservations"))
        pairs: tuple[tuple[str, dict[str, Node], str, Callable[[str], float]], ...] = (
            ("mem_limit", limits, "limits.memory", read_size),
            ("cpus", limits, "limits.cpus", read_number),
            ("pids_limit", limits, "limits.pids", read_number),
            ("mem_reservation", reservations, "reservations.memory", read_size),
        )
        for key, section, other, read in pairs:
            old, new = known.get(key), section.get(other.rpartition(".")[2])
            if old is None or not section or has_unset(old) or (new is not None and has_unset(new)):
                continue
            if self._cast(old, read, 0) not in {0, self._cast(new, read, 0)}:
                self.wrong(old.place, f"{key} says something else than deploy.resources.{other}")

    def _cast(self, node: Node | None, read: Callable[[str], T], default: T) -> T:
        if not isinstance(node, Scalar) or node.plain is None or node.unset:
            return default
        try:
            return read(node.value)
        except ValueError as error:
            self.wrong(node.place, f"{error}")
            return default

    def _words(self, node: Node | None) -> tuple[str, ...] | None:
        match node:
            case Scalar():
                try:
                    return tuple(shlex.split(node.value))
                except ValueError as error:
                    self.wrong(node.place, f"a command that does not split into words: {error}".rstrip("."))
                    return None
            case Sequence():
                return texts(node)
            case _:
                return None

    def _build(self, node: Node | None) -> Build | None:
        if isinstance(node, Mapping):
            words = {word: text(node.get(word)) for word in ("context", "dockerfile", "target")}
            words["context"] = words["context"] or "."
            args, labels = self.pairs(node.get("args")), pairs(node.get("labels"))
            return Build(**words, args=args, labels=labels, platforms=texts(node.get("platforms")))
        return Build(text(node)) if node is not None else None

    def _ports(self, node: Node | None) -> tuple[PublishedPort, ...]:
        return tuple(port for port in self._items(node, read_port) if port)

    def _mounts(self, node: Node | None) -> tuple[Mount, ...]:
        return tuple(mount for mount in self._items(node, read_mount) if mount)

    def _items(self, node: Node | None, read: Callable[[Node], T]) -> list[T]:
        found: list[T] = []
        for item in node.items if isinstance(node, Sequence) else ():
            if has_unset(item):
                continue
            try:
                found.append(read(item))
            except ValueError as error:
                self.wrong(item.place, f"{error}".rstrip("."))
        return found

    def _dependencies(self, node: Node | None) -> tuple[Dependency, ...]:
        if not isinstance(node, Mapping):
            return tuple(Dependency(name) for name in texts(node))
        found: list[Dependency] = []
        for entry in node.entries:
            said = mapping(entry.value)
            condition = text(said.get("condition")) or "service_started"
            found.append(Dependency(entry.key.value, condition, plain_value(said.get("required")) is not False))
        return tuple(found)

    def _healthcheck(self, node: Node | None) -> Healthcheck | None:
        if not isinstance(node, Mapping):
            return None
        test = node.get("test")
        words = ("CMD-SHELL", test.value) if isinstance(test, Scalar) else texts(test)
        if isinstance(test, Sequence) and (not words or words[0] not in {"CMD", "CMD-SHELL", "NONE"}):
            self.wrong(test.place, "healthcheck.test must start with CMD, CMD-SHELL or NONE")
        times = {word: self._cast(node.get(word), read_duration, None) for word in _TIMES}
        retries = self._cast(node.get("retries"), read_number, None)
        return Healthcheck(
            place=node.place,
            test=words,
            disabled=self._cast(node.get("disable"), read_bool, default=False) or words[:1] == ("NONE",),
            interval_s=times["interval"],
            timeout_s=times["timeout"],
            start_period_s=times["start_period"],
            start_interval_s=times["start_interval"],
            retries=None if retries is None else int(retries),
        )

    def _logging(self, node: Node | None) -> Logging | None:
        if not isinstance(node, Mapping):
            return None
        options = {key: value or "" for key, value in self.pairs(node.get("options")).items()}
        return Logging(node.place, text(node.get("driver")), options)


def _shape(node: Node) -> str:
    match node:
        case Scalar():
            return "scalar"
        case Sequence():
            return "list"
        case Mapping():
            return "mapping"


def _empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain is None
