"""Mounts that pass further mounts between container and host."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

TO_HOST = frozenset({"shared", "rshared"})
FROM_HOST = frozenset({"slave", "rslave"})


@rule(severity=Severity.WARN, area="security")
def mount_propagation(model: ComposeModel) -> Iterator[Finding]:
    """A mount is propagated: what is mounted below it on one side appears on the other.

    Why
    ---
    With `shared` a mount that the container makes appears on the host, over whatever was there, and stays when the
    container is gone; the folder is then "busy" and every restart stacks one more. With `slave` each disk that the host
    mounts below later, a backup disk for instance, is open to the container too; read-only that is what monitors ask
    for and not flagged.

    Flagged
    -------
        services:
          drive:
            image: rclone/rclone:1.71
            volumes: ["/mnt/drive:/data:rshared"]

    Fine
    ----
        services:
          monitor:
            image: prom/node-exporter:v1.9.1
            volumes: ["/:/host:ro,rslave", "./data:/data"]

    Instead
    -------
    Mount on the host (a systemd mount unit for rclone or NFS) and bind the folder as it is. Only a container that
    mounts for the host needs `rshared`, on a folder of its own.

    See
    ---
    CIS Docker Benchmark 5.20 · mount_namespaces(7)
    """
    for service in model.services.values():
        for mount in service.mounts:
            if mount.propagation in TO_HOST:
                yield fault(
                    model,
                    mount.place,
                    service.name,
                    f"What {service.name} mounts below {mount.target} appears on the host.",
                    "Mount on the host, and bind the folder without propagation.",
                )
            elif mount.propagation in FROM_HOST and not mount.read_only:
                found = fault(
                    model,
                    mount.place,
                    service.name,
                    f"What the host mounts below {mount.source} appears in {service.name}, writable.",
                    "Add ro, or take the propagation out.",
                )
                yield replace(found, severity=Severity.INFO)
