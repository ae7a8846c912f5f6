"""Frozen pictures of what the engine holds: containers, images, networks, volumes, events."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class _Picture(BaseModel):
    model_config = ConfigDict(frozen=True)


class EngineInfo(_Picture):
    """What the engine says of itself; sizes in bytes.

    `runtimes` are names such as `runc` and `nvidia`, `cdi_devices` such as `nvidia.com/gpu=all`.
    """

    version: str
    api_version: str
    os: str = "linux"
    architecture: str = ""
    kernel: str = ""
    storage_driver: str = ""
    cgroup_version: str = ""
    cpus: int = 0
    memory: int = 0
    context: str = "default"
    endpoint: str = ""
    warnings: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    cdi_devices: tuple[str, ...] = ()


class HealthResult(_Picture):
    """One run of a health check; `output` is untrusted text, times are RFC 3339."""

    start: str = ""
    end: str = ""
    exit_code: int = 0
    output: str = ""


class Port(_Picture):
    """A published or exposed port; `host_port` 0 means not published."""

    container_port: int
    protocol: str = "tcp"
    host_ip: str = ""
    host_port: int = 0


class Mount(_Picture):
    """A mount of a container; `name` is set for volumes, `source` is the path on the host."""

    kind: str
    target: str
    source: str = ""
    name: str = ""
    read_only: bool = False


class Attachment(_Picture):
    """A container's place on one network."""

    network: str
    ip: str = ""
    aliases: tuple[str, ...] = ()


class Container(_Picture):
    """A container as inspect shows it; memory in bytes, cpus as a fraction of cores, 0 where there is no limit.

    `raw` is the whole inspect answer for what has no field here; it holds environment values.
    """

    id: str
    name: str
    image: str
    image_id: str = ""
    project: str = ""
    service: str = ""
    status: str = "created"
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    restart_count: int = 0
    restart_policy: str = "no"
    restart_max: int = 0
    started_at: str = ""
    finished_at: str = ""
    created_at: str = ""
    health: str = ""
    failing_streak: int = 0
    health_log: tuple[HealthResult, ...] = ()
    health_test: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = ""
    user: str = ""
    env: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[Attachment, ...] = ()
    network_mode: str = ""
    memory_limit: int = 0
    memory_swap: int = 0
    cpus: float = 0.0
    pids_limit: int = 0
    privileged: bool = False
    read_only: bool = False
    log_driver: str = ""
    log_options: dict[str, str] = Field(default_factory=dict)
    stop_timeout: int | None = None
    tty: bool = False
    raw: dict[str, Any] = Field(default_factory=dict, repr=False)

    @property
    def running(self) -> bool:
        """Whether the main process runs now; a paused container counts, a restarting one does not."""
        return self.status in {"running", "paused"}


class LogLine(NamedTuple):
    """One line of a container's log; `number` counts from 1 within what was read, `text` is untrusted.

    A tuple, since a log may have 200,000 of them.
    """

    number: int
    time: str = ""
    stream: str = "stdout"
    text: str = ""


class Event(_Picture):
    """One event of the engine; `time` is seconds since the epoch."""

    time: float
    kind: str
    action: str
    actor: str
    name: str = ""
    attributes: dict[str, str] = Field(default_factory=dict)


class Image(_Picture):
    """A local image; size in bytes."""

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    size: int = 0
    created: str = ""
    architecture: str = ""
    os: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    health_test: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


class Network(_Picture):
    """A network; `containers` are the names attached now."""

    id: str
    name: str
    driver: str = "bridge"
    internal: bool = False
    subnets: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    containers: tuple[str, ...] = ()


class Volume(_Picture):
    """A volume, where the engine keeps it, and when it was made (RFC 3339)."""

    name: str
    driver: str = "local"
    mountpoint: str = ""
    created_at: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    options: dict[str, str] = Field(default_factory=dict)


class Stats(_Picture):
    """One reading of a container's use: CPU in percent of one core, memory and traffic in bytes."""

    name: str
    cpu_percent: float = 0.0
    memory: int = 0
    memory_limit: int = 0
    pids: int = 0
    network_in: int = 0
    network_out: int = 0
    throttled_periods: int = 0
    periods: int = 0


class Listener(_Picture):
    """A socket that listens in a container's network: its own address there, port and protocol (tcp, udp)."""

    ip: str
    port: int
    protocol: str = "tcp"


class Reach(_Picture):
    """What an address answered inside a container's network.

    `way` says how it was asked. `failure` is empty for an answer, else in a word what went wrong (name not found, no
    name server answers, refused, timeout, no route, not asked, broken), with `detail`. `first` is untrusted text.
    """

    way: str
    addresses: tuple[str, ...] = ()
    address: str = ""
    status: int = 0
    first: str = ""
    failure: str = ""
    detail: str = ""
    seconds: float = 0.0


class Ran(_Picture):
    """How a program ended; output is text with undecodable bytes replaced, cut to its last 100,000 characters."""

    argv: tuple[str, ...]
    code: int
    out: str = ""
    err: str = ""
    seconds: float = 0.0
    timed_out: bool = False


class Certificate(_Picture):
    """What a server's certificate says; `not_after` in seconds since the epoch, 0 where it is not known.

    `names` are those that it is for, `issuer` a name; `verify_error` says why it is not trusted, "" where it is.
    """

    names: tuple[str, ...] = ()
    subject: str = ""
    issuer: str = ""
    not_after: float = 0.0
    verify_error: str = ""


class Answer(_Picture):
    """What a URL or port answered; status 0 means no HTTP answer, `error` says why.

    `headers` have names in lower case; `certificate` is there for https. Body and headers are untrusted text.
    """

    status: int = 0
    error: str = ""
    body: str = ""
    seconds: float = 0.0
    headers: dict[str, str] = Field(default_factory=dict)
    certificate: Certificate | None = None
