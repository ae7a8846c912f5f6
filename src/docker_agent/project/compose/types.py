"""What a compose file says, as types: services with their ports, mounts, health checks, limits and logging."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeVar, dataclass_transform

from docker_agent.core.record import field, record
from docker_agent.project.compose.nodes import Mapping as MappingNode
from docker_agent.project.compose.nodes import Place

T = TypeVar("T")

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass_transform(frozen_default=True, eq_default=False)
def _wide(cls: type[T]) -> type[T]:
    """A record of so many fields that making its `__init__` would take longer than reading a file."""
    names = tuple(cls.__annotations__)

    def fill(self: T, *given: object, **said: object) -> None:
        self.__dict__.update(zip(names, given, strict=False), **said)

    cls.__init__ = fill
    return cls


@record
class Problem:
    """Something that Compose would not accept, and where; `near` is the nearest valid word, if any.

    `code` is the rule that has the manual for it; `certain` is false for words that a newer Compose may know.
    """

    code: str
    place: Place
    message: str
    near: str = ""
    certain: bool = True


@record
class UnsetVariable:
    """A variable that the file uses and nothing sets; `required` tells `${NAME:?words}`."""

    place: Place
    name: str
    required: bool = False
    words: str = ""


@record
class PublishedPort:
    """One entry of `ports`: container ports from `target` to `target_last`, host ports from `first` to `last`.

    Host ports are 0 where the engine chooses one; `pool` tells a range of host ports of which one is taken for a single
    container port.
    """

    target: int
    target_last: int
    place: Place
    first: int = 0
    last: int = 0
    host_ip: str = ""
    protocol: str = "tcp"
    pool: bool = False
    mode: str = ""
    name: str = ""
    app_protocol: str = ""


@record
class Mount:
    """One entry of `volumes`; `source` is empty for anonymous volumes and tmpfs."""

    kind: str
    target: str
    place: Place
    source: str = ""
    read_only: bool = False
    propagation: str = ""
    selinux: str = ""
    create_host_path: bool = True
    subpath: str = ""


@record
class Device:
    """One entry of `devices`; `source` is the host's path, or the name of a CDI device."""

    source: str
    target: str
    permissions: str
    place: Place


@record
class EnvFile:
    """One entry of `env_file`."""

    path: str
    place: Place
    required: bool = True
    format: str = ""


@record
class Tmpfs:
    """One entry of `tmpfs`: a folder in memory and its mount options."""

    target: str
    options: tuple[str, ...]
    place: Place


@record
class Healthcheck:
    """A health check; times in seconds, None where the engine's default holds."""

    place: Place
    test: tuple[str, ...] = ()
    disabled: bool = False
    interval_s: float | None = None
    timeout_s: float | None = None
    start_period_s: float | None = None
    start_interval_s: float | None = None
    retries: int | None = None


@record
class Logging:
    """A service's logging; the driver is empty where only options are given."""

    place: Place
    driver: str = ""
    options: Mapping[str, str] = field(default_factory=dict[str, str])


@record
class Build:
    """How a service's image is built."""

    context: str
    dockerfile: str = ""
    target: str = ""
    args: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    labels: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    platforms: tuple[str, ...] = ()


@record
class Dependency:
    """One entry of `depends_on`."""

    service: str
    condition: str = "service_started"
    required: bool = True


@_wide
class Service:
    """One service after interpolation and merging; `raw` reaches what has no field here.

    Sizes are in bytes and `cpus` in cores, 0 where there is no limit and -1 for `memswap` without one; `environment`
    has None for values that come from the shell; `ulimits` are (soft, hard); `place` is the service's name in the file.
    """

    name: str
    place: Place
    raw: MappingNode
    image: str = ""
    build: Build | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str | None] = _NOTHING
    env_files: tuple[str, ...] = ()
    env_file_entries: tuple[EnvFile, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[str, ...] = ()
    network_aliases: Mapping[str, tuple[str, ...]] = _NOTHING
    network_mode: str = ""
    depends_on: tuple[Dependency, ...] = ()
    healthcheck: Healthcheck | None = None
    restart: str = ""
    restart_condition: str = ""
    memory: int = 0
    cpus: float = 0.0
    pids: int = 0
    memory_reserved: int = 0
    cpus_reserved: float = 0.0
    memswap: int = 0
    mem_swappiness: int | None = None
    shm_size: int = 0
    ulimits: Mapping[str, tuple[int, int]] = _NOTHING
    replicas: int = 1
    user: str = ""
    privileged: bool = False
    init: bool = False
    read_only: bool = False
    container_name: str = ""
    stop_grace_period_s: float | None = None
    security_opt: tuple[str, ...] = ()
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    tmpfs_mounts: tuple[Tmpfs, ...] = ()
    devices: tuple[Device, ...] = ()
    gpus: bool = False
    ipc: str = ""
    pid: str = ""
    uts: str = ""
    cgroup: str = ""
    cgroup_parent: str = ""
    userns_mode: str = ""
    sysctls: Mapping[str, str | None] = _NOTHING
    links: tuple[str, ...] = ()
    external_links: tuple[str, ...] = ()
    volumes_from: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    extra_hosts: Mapping[str, str | None] = _NOTHING
    hostname: str = ""
    tty: bool = False
    stdin_open: bool = False
    pull_policy: str = ""
    platform: str = ""
    stop_signal: str = ""
    develop: bool = False
    profiles: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()
    labels: Mapping[str, str | None] = _NOTHING
    deploy_labels: Mapping[str, str | None] = _NOTHING
    models: tuple[str, ...] = ()
    logging: Logging | None = None
    extends: bool = False


@record
class Resource:
    """A network, volume, secret or config that the file declares."""

    kind: Literal["network", "volume", "secret", "config"]
    key: str
    place: Place
    raw: MappingNode | None = field(default=None, repr=False)
    name: str = ""
    external: bool = False
    driver: str = ""
    file: str = ""
    labels: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
