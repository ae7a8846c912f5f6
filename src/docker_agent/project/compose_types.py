"""What a compose file says, as types: services with their ports, mounts, health checks, limits and logging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from docker_agent.project.compose_nodes import Mapping as MappingNode
from docker_agent.project.compose_nodes import Place


@dataclass(frozen=True)
class Problem:
    """Something that Compose would not accept, and where; `near` is the nearest valid word, if any.

    `code` is the rule that has the manual for it; `certain` is false for words that a newer Compose may know.
    """

    code: str
    place: Place
    message: str
    near: str = ""
    certain: bool = True


@dataclass(frozen=True)
class UnsetVariable:
    """A variable that the file uses and nothing sets; `required` tells `${NAME:?words}`."""

    place: Place
    name: str
    required: bool = False
    words: str = ""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Mount:
    """One entry of `volumes`; `source` is empty for anonymous volumes and tmpfs."""

    kind: str
    target: str
    place: Place
    source: str = ""
    read_only: bool = False


@dataclass(frozen=True)
class Healthcheck:
    """A health check; times in seconds, None where the engine's default holds."""

    place: Place
    test: tuple[str, ...] = ()
    disabled: bool = False
    interval_s: float | None = None
    timeout_s: float | None = None
    start_period_s: float | None = None
    retries: int | None = None


@dataclass(frozen=True)
class Logging:
    """A service's logging; the driver is empty where only options are given."""

    place: Place
    driver: str = ""
    options: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Build:
    """How a service's image is built."""

    context: str
    dockerfile: str = ""
    target: str = ""
    args: Mapping[str, str | None] = field(default_factory=dict[str, str | None])


@dataclass(frozen=True)
class Dependency:
    """One entry of `depends_on`."""

    service: str
    condition: str = "service_started"
    required: bool = True


@dataclass(frozen=True)
class Service:
    """One service after interpolation and merging; `raw` reaches what has no field here.

    Memory is in bytes and `cpus` in cores, 0 where there is no limit; `environment` has None for values that come from
    the shell; `place` is the service's name in the file.
    """

    name: str
    place: Place
    raw: MappingNode = field(repr=False)
    image: str = ""
    build: Build | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"], repr=False)
    env_files: tuple[str, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[str, ...] = ()
    network_mode: str = ""
    depends_on: tuple[Dependency, ...] = ()
    healthcheck: Healthcheck | None = None
    restart: str = ""
    restart_condition: str = ""
    memory: int = 0
    cpus: float = 0.0
    pids: int = 0
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
    profiles: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()
    labels: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    logging: Logging | None = None
    extends: bool = False


@dataclass(frozen=True)
class Resource:
    """A network, volume, secret or config that the file declares."""

    kind: Literal["network", "volume", "secret", "config"]
    key: str
    place: Place
    name: str = ""
    external: bool = False
    driver: str = ""
    file: str = ""
    labels: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
