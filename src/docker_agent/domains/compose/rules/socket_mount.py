"""Containers that can command the engine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose import ComposeModel

SOCKETS = (
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
)


@rule(severity=Severity.WARN, area="security")
def socket_mount(model: ComposeModel) -> Iterator[Finding]:
    """A container with the engine's socket can start any other container, and so owns the host.

    Why
    ---
    Who can write to the socket can start a privileged container. Mounting it read-only changes nothing: that is about
    the file, not about what is said over it.

    Flagged
    -------
        services:
          proxy:
            image: traefik:3.7
            volumes:
              - /var/run/docker.sock:/var/run/docker.sock:ro

    Fine
    ----
        services:
          proxy:
            image: traefik:3.7
            volumes:
              - ./traefik.yml:/etc/traefik/traefik.yml:ro

    Instead
    -------
    Put a socket proxy between that lets only the needed calls through, or use a provider that reads files.

    See
    ---
    CIS Docker Benchmark 5.32
    """
    for service in model.services.values():
        for mount in service.mounts:
            if mount.kind == "bind" and _reaches_socket(mount.source):
                yield fault(
                    model,
                    mount.place,
                    service.name,
                    f"{service.name} can command the engine through its socket.",
                    "Put a socket proxy between, or take the mount out.",
                )


def _reaches_socket(source: str) -> bool:
    path = posixpath.normpath(source)
    path = path.removeprefix("/var") if path.startswith("/var/run") else path
    return any(socket == path or socket.startswith(path.rstrip("/") + "/") for socket in SOCKETS) and path != "/"
