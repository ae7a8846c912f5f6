"""Two mounts on the same path."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import as_active
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Place
from docker_agent.project.compose.texts import has_unset, mapping, sequence, text
from docker_agent.project.compose.types import Service


@rule(severity=Severity.ERROR, area="model")
def duplicate_mount_target(model: ComposeModel) -> Iterator[Finding]:
    """Two mounts of a service have the same path in the container.

    Why
    ---
    Only one can be there. Compose refuses the project where one of them is under `tmpfs`; of two under `volumes` it
    keeps the last without a word, and a secret or config in the same place fails when the container is made.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            tmpfs: /cache
            volumes: [cache:/cache]
        volumes: {cache: }

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            tmpfs: /tmp
            volumes: [cache:/cache]
        volumes: {cache: }
    """
    for service in model.services.values():
        taken: dict[str, tuple[str, str]] = {}
        for target, key, place in _targets(service):
            path = target.rstrip("/") or target
            if path in taken:
                first, written = taken[path]
                message = f"{service.name} mounts two things on {path}, under {first} and {key}."
                found = fault(model, place, service.name, message, "Take one of them out.")
                refused = first == "tmpfs" and key in {"tmpfs", "volumes"} and written == target
                yield as_active(model, service, found) if refused else replace(found, severity=Severity.WARN)
            else:
                taken[path] = (key, target)


def _targets(service: Service) -> Iterator[tuple[str, str, Place]]:
    tmpfs = {(mount.target, mount.options): mount for mount in service.tmpfs_mounts}
    for mount in tmpfs.values():
        yield mount.target, "tmpfs", mount.place
    for mount in service.mounts:
        yield mount.target, "volumes", mount.place
    for key, folder in (("secrets", "/run/secrets/"), ("configs", "/")):
        seen: set[str] = set()
        for item in sequence(service.raw.get(key)):
            said = mapping(item)
            target = text(said.get("target")) or text(said.get("source") or item)
            if target and target not in seen and not has_unset(item):
                seen.add(target)
                yield target if target.startswith("/") else folder + target, key, item.place
