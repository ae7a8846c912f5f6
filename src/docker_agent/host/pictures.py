"""Turn the engine's JSON into our frozen pictures."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from docker_agent.host.models import (
    Attachment,
    Container,
    Event,
    HealthResult,
    Image,
    LogLine,
    Mount,
    Network,
    Port,
    Stats,
)

Raw = dict[str, Any]

NO_TIME = "0001-01-01T00:00:00Z"
STDOUT, STDERR = 1, 2
FRAME = struct.Struct(">BxxxI")


def container_of(raw: Raw) -> Container:
    """A container from the answer of `GET /containers/ID/json`."""
    state = _part(raw, "State")
    config = _part(raw, "Config")
    host = _part(raw, "HostConfig")
    network = _part(raw, "NetworkSettings")
    health = _part(state, "Health")
    policy = _part(host, "RestartPolicy")
    log = _part(host, "LogConfig")
    labels: dict[str, str] = _part(config, "Labels")
    return Container(
        id=_text(raw, "Id"),
        name=_text(raw, "Name").lstrip("/"),
        image=_text(config, "Image"),
        image_id=_text(raw, "Image"),
        project=_text(labels, "com.docker.compose.project"),
        service=_text(labels, "com.docker.compose.service"),
        status=_text(state, "Status") or "created",
        exit_code=int(state.get("ExitCode") or 0),
        error=_text(state, "Error"),
        oom_killed=bool(state.get("OOMKilled")),
        restart_count=int(raw.get("RestartCount") or 0),
        restart_policy=policy.get("Name") or "no",
        restart_max=int(policy.get("MaximumRetryCount") or 0),
        started_at=_time(state.get("StartedAt")),
        finished_at=_time(state.get("FinishedAt")),
        created_at=_time(raw.get("Created")),
        health=_text(health, "Status"),
        failing_streak=int(health.get("FailingStreak") or 0),
        health_log=tuple(_health_result(entry) for entry in _items(health, "Log")),
        health_test=_words(_part(config, "Healthcheck").get("Test")),
        entrypoint=_words(config.get("Entrypoint")),
        command=_words(config.get("Cmd")),
        working_dir=_text(config, "WorkingDir"),
        user=_text(config, "User"),
        env=_words(config.get("Env")),
        labels=labels,
        ports=_ports(_part(network, "Ports"), _part(host, "PortBindings")),
        mounts=tuple(_mount(entry) for entry in _items(raw, "Mounts")),
        networks=tuple(_attachment(name, entry) for name, entry in sorted(_part(network, "Networks").items())),
        network_mode=_text(host, "NetworkMode"),
        memory_limit=int(host.get("Memory") or 0),
        memory_swap=int(host.get("MemorySwap") or 0),
        cpus=_cpus(host),
        pids_limit=max(0, int(host.get("PidsLimit") or 0)),
        privileged=bool(host.get("Privileged")),
        read_only=bool(host.get("ReadonlyRootfs")),
        log_driver=_text(log, "Type"),
        log_options=_part(log, "Config"),
        stop_timeout=config.get("StopTimeout"),
        tty=bool(config.get("Tty")),
        raw=raw,
    )


def image_of(raw: Raw) -> Image:
    """An image from `GET /images/NAME/json` or, with less in it, from the list."""
    config = _part(raw, "Config")
    return Image(
        id=_text(raw, "Id"),
        tags=tuple(tag for tag in _words(raw.get("RepoTags")) if tag != "<none>:<none>"),
        digests=_words(raw.get("RepoDigests")),
        size=int(raw.get("Size") or 0),
        created=_text(raw, "Created"),
        architecture=_text(raw, "Architecture"),
        os=_text(raw, "Os"),
        entrypoint=_words(config.get("Entrypoint")),
        command=_words(config.get("Cmd")),
        user=_text(config, "User"),
        labels=_part(config, "Labels") or _part(raw, "Labels"),
        health_test=_words(_part(config, "Healthcheck").get("Test")),
        env=_words(config.get("Env")),
        exposed=tuple(sorted(_part(config, "ExposedPorts"))),
        volumes=tuple(sorted(_part(config, "Volumes"))),
    )


def network_of(raw: Raw) -> Network:
    """A network from its inspect answer."""
    pools = _items(_part(raw, "IPAM"), "Config")
    attached: dict[str, Raw] = _part(raw, "Containers")
    return Network(
        id=_text(raw, "Id"),
        name=_text(raw, "Name"),
        driver=_text(raw, "Driver"),
        internal=bool(raw.get("Internal")),
        subnets=tuple(str(pool["Subnet"]) for pool in pools if pool.get("Subnet")),
        labels=_part(raw, "Labels"),
        containers=tuple(sorted(_text(entry, "Name") for entry in attached.values() if entry)),
    )


def event_of(raw: Raw) -> Event:
    """An event from the stream."""
    actor = _part(raw, "Actor")
    attributes = {key: str(value) for key, value in _part(actor, "Attributes").items()}
    return Event(
        time=int(raw.get("timeNano") or 0) / 1e9 or float(raw.get("time") or 0),
        kind=_text(raw, "Type"),
        action=_text(raw, "Action"),
        actor=_text(actor, "ID"),
        name=_text(attributes, "name"),
        attributes=attributes,
    )


def stats_of(name: str, raw: Raw) -> Stats:
    """One reading from `GET /containers/ID/stats`; CPU from the two samples in it, memory without the file cache."""
    cpu, before = _part(raw, "cpu_stats"), _part(raw, "precpu_stats")
    used = _deep(cpu, "cpu_usage", "total_usage") - _deep(before, "cpu_usage", "total_usage")
    passed = _deep(cpu, "system_cpu_usage") - _deep(before, "system_cpu_usage")
    memory = _part(raw, "memory_stats")
    detail = _part(memory, "stats")
    cache = int(detail.get("total_inactive_file") or detail.get("inactive_file") or 0)
    traffic: list[Raw] = [card or {} for card in _part(raw, "networks").values()]
    return Stats(
        name=name,
        cpu_percent=round(100.0 * used / passed * (cpu.get("online_cpus") or 1), 1) if passed > 0 else 0.0,
        memory=max(0, int(memory.get("usage") or 0) - cache),
        memory_limit=int(memory.get("limit") or 0),
        pids=int(_part(raw, "pids_stats").get("current") or 0),
        network_in=sum(int(card.get("rx_bytes") or 0) for card in traffic),
        network_out=sum(int(card.get("tx_bytes") or 0) for card in traffic),
        throttled_periods=int(_deep(cpu, "throttling_data", "throttled_periods")),
        periods=int(_deep(cpu, "throttling_data", "periods")),
    )


def log_lines_of(out: bytes, err: bytes, first: int = 1) -> list[LogLine]:
    """Log lines from the two streams with their time stamps, in the order of time."""
    lines = [(*_stamped(text), "stdout") for text in _lines(out)]
    lines += [(*_stamped(text), "stderr") for text in _lines(err)]
    lines.sort(key=itemgetter(0))
    return [LogLine(number, time, stream, text) for number, (time, text, stream) in enumerate(lines, first)]


def streams_of(data: bytes) -> tuple[bytes, bytes]:
    """Standard output and standard error of what the engine sends of both, in frames with the stream and the size."""
    parts: dict[int, list[bytes]] = {STDOUT: [], STDERR: []}
    for stream, part in frames_of(data):
        parts.setdefault(stream, []).append(part)
    return b"".join(parts[STDOUT]), b"".join(parts[STDERR])


def frames_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The stream and the bytes of each frame that the engine sends, in their order; the last may be cut."""
    at = 0
    while at + FRAME.size <= len(data):
        stream, size = FRAME.unpack_from(data, at)
        at += FRAME.size
        yield stream, data[at : at + size]
        at += size


def _part(raw: Raw, key: str) -> Raw:
    """A mapping inside the answer, empty where the engine says null."""
    return raw.get(key) or {}


def _items(raw: Raw, key: str) -> list[Raw]:
    """A list of mappings inside the answer, empty where the engine says null."""
    entries: list[Raw | None] = raw.get(key) or []
    return [entry for entry in entries if entry]


def _text(raw: Raw, key: str) -> str:
    """A word inside the answer, empty where the engine says null."""
    value = raw.get(key)
    return "" if value is None else str(value)


def _lines(data: bytes) -> list[str]:
    """Lines as the engine ends them; a carriage return inside one (a progress bar) does not cut it."""
    return [line.removesuffix("\r") for line in data.decode("utf-8", "replace").split("\n") if line]


def _stamped(line: str) -> tuple[str, str]:
    """A line's time stamp and the rest; without a stamp "" and the whole line."""
    time, separator, rest = line.partition(" ")
    return (time, rest) if separator and time[:4].isdigit() and "T" in time else ("", line)


def _health_result(entry: Raw) -> HealthResult:
    return HealthResult(
        start=_text(entry, "Start"),
        end=_text(entry, "End"),
        exit_code=int(entry.get("ExitCode") or 0),
        output=_text(entry, "Output")[:4_096],
    )


def _mount(entry: Raw) -> Mount:
    return Mount(
        kind=_text(entry, "Type"),
        target=_text(entry, "Destination"),
        source=_text(entry, "Source"),
        name=_text(entry, "Name"),
        read_only=not entry.get("RW", True),
    )


def _attachment(name: str, entry: Raw | None) -> Attachment:
    found = entry or {}
    return Attachment(network=name, ip=_text(found, "IPAddress"), aliases=_words(found.get("Aliases")))


def _ports(live: Raw, wanted: Raw) -> tuple[Port, ...]:
    """Ports as they are, or as they were asked for where the container never started."""
    ports: list[Port] = []
    for key in sorted({*live, *wanted}):
        number, _, protocol = key.partition("/")
        bindings: list[Raw] = _items(live, key) or _items(wanted, key) or [{}]
        ports.extend(
            Port(
                container_port=int(number),
                protocol=protocol or "tcp",
                host_ip=_text(binding, "HostIp"),
                host_port=int((binding.get("HostPort") or "0").split("-")[0]),
            )
            for binding in bindings
        )
    return tuple(ports)


def _cpus(host: Raw) -> float:
    if host.get("NanoCpus"):
        return int(host["NanoCpus"]) / 1e9
    quota, period = int(host.get("CpuQuota") or 0), int(host.get("CpuPeriod") or 100_000)
    return quota / period if quota > 0 else 0.0


def _words(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(word) for word in value if word is not None)


def _time(value: Any) -> str:
    return "" if value in (None, NO_TIME) else str(value)


def _deep(data: Raw, *keys: str) -> float:
    for key in keys[:-1]:
        data = _part(data, key)
    return float(data.get(keys[-1]) or 0)
