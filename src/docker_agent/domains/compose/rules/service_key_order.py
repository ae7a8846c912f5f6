"""Services whose keys stand in another order than usual."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.order import first_out_of_order
from docker_agent.project.compose.model import ComposeModel

# What it is, when and how it starts, what it is told, what it reaches, what it may take, how it is watched.
ORDER = (
    "extends", "image", "build", "platform", "pull_policy", "container_name", "hostname", "profiles", "depends_on",
    "restart", "entrypoint", "command", "user", "working_dir", "init", "stop_signal", "stop_grace_period",
    "env_file", "environment", "secrets", "configs", "volumes", "tmpfs", "ports", "expose", "networks",
    "network_mode", "dns", "extra_hosts", "devices", "gpus", "cap_drop", "cap_add", "security_opt", "privileged",
    "read_only", "deploy", "mem_limit", "cpus", "pids_limit", "ulimits", "shm_size", "healthcheck", "logging",
    "labels", "develop",
)  # fmt: skip
_RANK = {key: rank for rank, key in enumerate(ORDER)}


@rule(severity=Severity.OFF, area="style")
def service_key_order(model: ComposeModel) -> Iterator[Finding]:
    """The keys of a service stand in another order than in the other services.

    Why
    ---
    A matter of taste: who reads many files finds things faster where every service says them in the same order: what
    it is, when it starts, what it is told, what it reaches, what it may take, how it is watched. Keys that the order
    does not name may stand anywhere.

    Flagged
    -------
        services:
          web:
            ports: ["8080:80"]
            image: nginx:1.29

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            restart: unless-stopped
            environment: {TZ: UTC}
            ports: ["8080:80"]
            healthcheck: {test: [CMD, "true"]}

    Instead
    -------
    Move the key; comments above it belong to it.
    """
    for service in model.services.values():
        keys = [entry.key for entry in service.raw.entries if not entry.merged and entry.key.value in _RANK]
        found = first_out_of_order(keys, lambda key: _RANK[key.value])
        if found:
            key, before = found
            yield fault(
                model,
                key.place,
                service.name,
                f"{service.name} has {key.value} after {before.value}.",
                f"Move {key.value} above {before.value}.",
            )
