"""The words that Compose knows at the top level and in a service, with the shapes that their values may have."""

from __future__ import annotations

TOP_LEVEL = frozenset({
    "version", "name", "include", "services", "networks", "volumes", "secrets", "configs", "models",
})  # fmt: skip

_SCALARS = """
attach cgroup cgroup_parent container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime
cpu_shares cpus cpuset domainname hostname image init ipc isolation mac_address mem_limit mem_reservation
mem_swappiness memswap_limit network_mode oom_kill_disable oom_score_adj pid pids_limit platform privileged
pull_policy pull_refresh_after read_only restart runtime scale shm_size stdin_open stop_grace_period stop_signal tty
use_api_socket user userns_mode uts working_dir
"""
_LISTS = """
cap_add cap_drop configs device_cgroup_rules devices dns_opt expose external_links group_add links ports post_start
pre_stop profiles secrets security_opt volumes volumes_from
"""
_MAPPINGS = "blkio_config credential_spec deploy develop healthcheck logging provider storage_opt ulimits"
_SCALARS_OR_LISTS = "command dns dns_search entrypoint env_file gpus label_file tmpfs"
_LISTS_OR_MAPPINGS = "annotations depends_on environment extra_hosts labels models networks sysctls"
_SCALARS_OR_MAPPINGS = "build extends"

SERVICE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_SCALARS.split(), ("scalar",)),
    **dict.fromkeys(_LISTS.split(), ("list",)),
    **dict.fromkeys(_MAPPINGS.split(), ("mapping",)),
    **dict.fromkeys(_SCALARS_OR_LISTS.split(), ("scalar", "list")),
    **dict.fromkeys(_LISTS_OR_MAPPINGS.split(), ("list", "mapping")),
    **dict.fromkeys(_SCALARS_OR_MAPPINGS.split(), ("scalar", "mapping")),
}
