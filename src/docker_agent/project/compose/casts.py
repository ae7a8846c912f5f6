"""Compose's casts: which text it reads as a number, a size, a duration or true and false."""

from __future__ import annotations

from collections.abc import Callable

from docker_agent.project.compose.forms import (
    check_command,
    check_context,
    check_device,
    check_format,
    check_host,
    check_pair,
    check_ssh_key,
)
from docker_agent.project.compose.nodes import Node, Plain, Scalar
from docker_agent.project.compose.texts import typed
from docker_agent.project.compose.values import (
    read_bool,
    read_count,
    read_duration,
    read_float,
    read_int,
    read_mode,
    read_size,
    refuse_text,
)

_HUGE = 1e30

Cast = Callable[[str], Plain]

_CAST: dict[Cast, str] = {
    read_bool: """
        init oom_kill_disable privileged read_only stdin_open tty healthcheck.disable volumes.[].read_only
        volumes.[].volume.nocopy /networks.*.external /networks.*.internal /networks.*.attachable /volumes.*.external
        /secrets.*.external /configs.*.external
    """,
    read_int: """
        cpu_count cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares deploy.replicas
        deploy.update_config.parallelism deploy.rollback_config.parallelism deploy.restart_policy.max_attempts
        deploy.placement.max_replicas_per_node healthcheck.retries oom_score_adj pids_limit ports.[].target scale
        ulimits.* ulimits.*.soft ulimits.*.hard
    """,
    read_float: "cpu_percent cpus deploy.update_config.max_failure_ratio deploy.rollback_config.max_failure_ratio",
}
_DECODED: dict[Cast, str] = {
    read_size: """
        mem_limit mem_reservation memswap_limit mem_swappiness shm_size build.shm_size volumes.[].tmpfs.size
        deploy.resources.limits.memory deploy.resources.reservations.memory blkio_config.device_read_bps.[].rate
        blkio_config.device_write_bps.[].rate blkio_config.device_read_iops.[].rate
        blkio_config.device_write_iops.[].rate
    """,
    read_duration: """
        stop_grace_period healthcheck.interval healthcheck.timeout healthcheck.start_period healthcheck.start_interval
        deploy.update_config.delay deploy.update_config.monitor deploy.rollback_config.delay
        deploy.rollback_config.monitor deploy.restart_policy.delay deploy.restart_policy.window
    """,
    read_float: "deploy.resources.limits.cpus deploy.resources.reservations.cpus",
    read_bool: """
        attach volumes.[].bind.create_host_path build.pull build.no_cache build.privileged env_file.[].required
        post_start.[].privileged pre_stop.[].privileged develop.watch.[].exec.privileged /networks.*.enable_ipv4
        /networks.*.enable_ipv6
    """,
    read_int: """
        deploy.resources.limits.pids
        deploy.resources.reservations.generic_resources.[].discrete_resource_spec.value
    """,
    refuse_text: """
        volumes.[].tmpfs.mode blkio_config.weight blkio_config.weight_device.[].weight build.ulimits.*
        build.ulimits.*.soft build.ulimits.*.hard
    """,
    read_mode: "secrets.[].mode configs.[].mode build.secrets.[].mode",
    check_command: """
        command entrypoint post_start.[].command pre_stop.[].command develop.watch.[].exec.command
    """,
    check_pair: "environment.[] build.args.[]",
    check_host: "extra_hosts.[] build.extra_hosts.[]",
    check_context: "build.additional_contexts.[]",
    check_ssh_key: "build.ssh.[]",
    check_device: "devices.[]",
    check_format: "env_file.[].format",
    read_count: "gpus.[].count deploy.resources.reservations.devices.[].count",
}


def _by_path(casts: dict[Cast, str]) -> dict[tuple[str, ...], Cast]:
    rows = ((path, cast) for cast, paths in casts.items() for path in paths.split())
    return {tuple((path[1:] if path.startswith("/") else f"services.*.{path}").split(".")): cast for path, cast in rows}


# Before the schema is looked at: the schema sees the number, not the text.
CASTS = _by_path(_CAST)
# After it: the schema sees the text.
DECODED = _by_path(_DECODED)


def number(node: Node | None, default: float = 0.0) -> float:
    """A number where one is written, the default for anything else and for what is not finite."""
    value = _read(node, read_float)
    return value if isinstance(value, int | float) and abs(value) < _HUGE else default


def whole(node: Node | None) -> int | None:
    """A whole number, None where none is written."""
    value = _read(node, read_int)
    return int(value) if isinstance(value, int | float) and abs(value) < _HUGE else None


def size(node: Node | None) -> int:
    """Bytes, 0 where none are written."""
    value = _read(node, read_size)
    return int(value) if isinstance(value, int | float) and abs(value) < _HUGE else 0


def seconds(node: Node | None) -> float | None:
    """Seconds of a duration, None where none is written."""
    value = _read(node, read_duration)
    return float(value) if isinstance(value, int | float) else None


def flag(node: Node | None, *, default: bool = False) -> bool:
    """True or false, the default where neither is written."""
    value = _read(node, read_bool)
    return value if isinstance(value, bool) else default


def _read(node: Node | None, cast: Cast) -> Plain:
    if not isinstance(node, Scalar) or node.unset:
        return None
    value = typed(node)
    try:
        return cast(value) if isinstance(value, str) else value
    except ValueError:
        return None
