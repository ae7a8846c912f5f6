"""Folders of the host that are worth reading."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.host_paths import host_mounts, revealed, takeover
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

# What watches or saves the host has to read it; by the last part of the image's name.
WATCHERS = frozenset(
    {"node-exporter", "node_exporter", "cadvisor", "telegraf", "netdata", "glances", "beszel-agent", "process-exporter"}
    | {"promtail", "alloy", "filebeat", "metricbeat", "fluent-bit", "vector", "newrelic-infra", "falco", "scrutiny"}
    | {"docker-volume-backup", "restic", "duplicati", "kopia", "portainer-agent", "diun", "home-assistant"}
    | {"homeassistant", "homepage", "dashdot", "docker-bench-security", "otel-collector", "opentelemetry-collector"}
)


@rule(severity=Severity.WARN, area="security")
def sensitive_mount(model: ComposeModel) -> Iterator[Finding]:
    """A folder of the host that holds keys, passwords or other services' data is mounted.

    Why
    ---
    Read-only keeps the host from being changed, not from being read: /etc has password hashes, /proc the environment of
    every process, /var/lib/docker every container's volumes and settings, a home folder the keys to other machines. On
    the system bus (/run/dbus) root may start services of the host. Writable folders by which the host falls are told by
    writable_host_root, the engine's own socket by socket_mount.

    Flagged
    -------
        services:
          deploy:
            image: deploy:1
            volumes: ["~/.ssh:/root/.ssh:ro"]

    Fine
    ----
        services:
          deploy:
            image: deploy:1
            volumes:
              - /etc/localtime:/etc/localtime:ro
              - /etc/ssl/certs:/etc/ssl/certs:ro
              - ./config:/etc/app:ro

    Instead
    -------
    Mount the one file that is needed; pass keys by `secrets:`, SSH by the agent's socket. What watches or saves the
    host (node-exporter, cadvisor, netdata, promtail, backups) gets a remark only: keep it read-only, unreachable from
    outside and without other rights.

    See
    ---
    CIS Docker Benchmark 5.6
    """
    for service in model.services.values():
        for mount in host_mounts(model, service):
            what = revealed(mount.path)
            if not what or (takeover(mount.path) and not mount.read_only):
                continue
            found = fault(
                model,
                mount.place,
                service.name,
                f"{service.name} has {mount.path} of the host mounted: {what}.",
                "Mount only the files that it needs.",
            )
            if image_name(service.image) in WATCHERS:
                cause, fix = "It watches or saves the host.", "Keep it read-only and unreachable from outside."
                found = replace(found, severity=Severity.INFO, cause=cause, fix=fix)
            yield found
