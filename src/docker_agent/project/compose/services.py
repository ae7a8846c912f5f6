"""Typed services out of merged nodes: lenient, since what Compose would refuse is reported apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from docker_agent.project.command_line import split_words
from docker_agent.project.compose.casts import flag, number, seconds, size
from docker_agent.project.compose.entries import (
    has_gpu,
    read_aliases,
    read_devices,
    read_env_files,
    read_tmpfs,
    read_ulimits,
)
from docker_agent.project.compose.mounts import read_mount
from docker_agent.project.compose.nodes import Entry, Mapping, Node, Place, Scalar, Sequence
from docker_agent.project.compose.ports import read_port
from docker_agent.project.compose.texts import (
    has_unset,
    mapping,
    names,
    pairs,
    sequence,
    sources,
    text,
    texts,
    typed,
    unset_words,
)
from docker_agent.project.compose.types import (
    Build,
    Dependency,
    Healthcheck,
    Logging,
    Problem,
    Service,
)

T = TypeVar("T")

_TEXTS = (
    "image", "network_mode", "restart", "user", "container_name", "ipc", "pid", "uts", "cgroup",
    "cgroup_parent", "userns_mode", "hostname", "pull_policy", "platform", "stop_signal",
)  # fmt: skip
_LISTS = (
    "security_opt", "cap_add", "cap_drop", "tmpfs", "links", "external_links", "volumes_from", "expose",
    "profiles",
)  # fmt: skip
_PAIRS = ("environment", "sysctls", "labels")
_FLAGS = ("privileged", "init", "read_only", "tty", "stdin_open")


class ServiceReader:
    """Reads services leniently, and collects the problems of reading a file on the way.

    What the schema refuses is another's to report; here it is passed over.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, place: Place, message: str, near: str = "", *, code: str = "schema", certain: bool = True) -> None:
        """Note a problem."""
        self.problems.append(Problem(code, place, message, near, certain))

    def report(self, code: str, place: Place, message: str, near: str = "") -> None:
        """Note a problem of a code."""
        self.problems.append(Problem(code, place, message, near))

    def service(self, entry: Entry) -> Service | None:
        """The service of one entry of `services`, None where it is no mapping."""
        name, node = entry.key.value, entry.value
        if not isinstance(node, Mapping):
            return None
        known = mapping(node)
        deploy = mapping(known.get("deploy"))
        resources = mapping(deploy.get("resources"))
        limits, reservations = mapping(resources.get("limits")), mapping(resources.get("reservations"))
        restart = mapping(deploy.get("restart_policy"))
        swappiness = known.get("mem_swappiness")
        env_files = read_env_files(known.get("env_file"))
        same: dict[str, Any] = {
            **{word: text(known.get(word)) for word in _TEXTS},
            **{word: texts(known.get(word)) for word in _LISTS},
            **{word: pairs(known.get(word)) for word in _PAIRS},
            **{word: flag(known.get(word)) for word in _FLAGS},
        }
        return Service(
            name=name,
            place=entry.key.place,
            raw=node,
            **same,
            build=_build(known.get("build")),
            command=self._words(known.get("command")),
            entrypoint=self._words(known.get("entrypoint")),
            env_files=tuple(file.path for file in env_files),
            env_file_entries=env_files,
            ports=self._items(known.get("ports"), read_port, "bad_port"),
            mounts=self._items(known.get("volumes"), read_mount, "bad_mount"),
            networks=names(known.get("networks")),
            network_aliases=read_aliases(known.get("networks")),
            depends_on=_dependencies(known.get("depends_on")),
            healthcheck=_healthcheck(known.get("healthcheck")),
            restart_condition=text(restart.get("condition")),
            memory=size(limits.get("memory") or known.get("mem_limit")),
            cpus=number(limits.get("cpus") or known.get("cpus")),
            pids=int(number(limits.get("pids") or known.get("pids_limit"))),
            replicas=int(number(deploy.get("replicas") or known.get("scale"), 1)),
            memory_reserved=size(reservations.get("memory") or known.get("mem_reservation")),
            cpus_reserved=number(reservations.get("cpus")),
            memswap=size(known.get("memswap_limit")),
            mem_swappiness=int(number(swappiness)) if text(swappiness) else None,
            shm_size=size(known.get("shm_size")),
            ulimits=read_ulimits(known.get("ulimits")),
            stop_grace_period_s=seconds(known.get("stop_grace_period")),
            tmpfs_mounts=read_tmpfs(known.get("tmpfs")),
            devices=read_devices(known.get("devices")),
            gpus=has_gpu(known, reservations),
            extra_hosts=pairs(known.get("extra_hosts"), "=:"),
            develop="develop" in known,
            secrets=sources(known.get("secrets")),
            configs=sources(known.get("configs")),
            deploy_labels=pairs(deploy.get("labels")),
            models=names(known.get("models")),
            logging=_logging(known.get("logging")),
            extends="extends" in known,
        )

    @staticmethod
    def _words(node: Node | None) -> tuple[str, ...] | None:
        if not isinstance(node, Scalar):
            return texts(node) if isinstance(node, Sequence) else None
        try:
            return tuple(split_words(node.value)) if typed(node) is not None else None
        except ValueError:
            return None

    def _items(self, node: Node | None, read: Callable[[Node], T | None], code: str) -> tuple[T, ...]:
        found: list[T] = []
        for item in sequence(node):
            try:
                value = read(item)
            except ValueError as error:
                self.report(code, item.place, f"{error}{unset_words(item)}")
            else:
                found += [] if value is None or has_unset(item) else [value]
        return tuple(found)


def _build(node: Node | None) -> Build | None:
    if isinstance(node, Mapping):
        words = {word: text(node.get(word)) for word in ("context", "dockerfile", "target")}
        words["context"] = words["context"] or "."
        args, labels = pairs(node.get("args")), pairs(node.get("labels"))
        return Build(**words, args=args, labels=labels, platforms=texts(node.get("platforms")))
    return Build(text(node)) if isinstance(node, Scalar) and typed(node) is not None else None


def _dependencies(node: Node | None) -> tuple[Dependency, ...]:
    if not isinstance(node, Mapping):
        return tuple(Dependency(name) for name in texts(node))
    found: list[Dependency] = []
    for entry in node.entries:
        said = mapping(entry.value)
        condition = text(said.get("condition")) or "service_started"
        found.append(Dependency(entry.key.value, condition, flag(said.get("required"), default=True)))
    return tuple(found)


def _healthcheck(node: Node | None) -> Healthcheck | None:
    if not isinstance(node, Mapping):
        return None
    test = node.get("test")
    words = ("CMD-SHELL", test.value) if isinstance(test, Scalar) else texts(test)
    retries = node.get("retries")
    return Healthcheck(
        place=node.place,
        test=words,
        disabled=flag(node.get("disable")) or words[:1] == ("NONE",),
        interval_s=seconds(node.get("interval")),
        timeout_s=seconds(node.get("timeout")),
        start_period_s=seconds(node.get("start_period")),
        start_interval_s=seconds(node.get("start_interval")),
        retries=int(number(retries)) if text(retries) else None,
    )


def _logging(node: Node | None) -> Logging | None:
    if not isinstance(node, Mapping):
        return None
    options = {key: value or "" for key, value in pairs(node.get("options")).items()}
    return Logging(node.place, text(node.get("driver")), options)
