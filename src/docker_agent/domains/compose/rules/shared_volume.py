"""Volumes that several services write to."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Mount


@rule(severity=Severity.OFF, area="security")
def shared_volume(model: ComposeModel) -> Iterator[Finding]:
    """A named volume is written by more than one service.

    Why
    ---
    What breaks into one service changes the files of the other: a picture that one stores becomes a program that the
    other runs. Many stacks share on purpose (an application and its worker, a site and its FPM process), so this rule
    is off until a policy asks for it.

    Flagged
    -------
        services:
          app:
            image: app:1
            volumes: ["files:/files"]
          worker:
            image: app:1
            volumes: ["files:/files"]
        volumes:
          files:

    Fine
    ----
        services:
          app:
            image: app:1
            volumes: ["files:/files"]
          web:
            image: nginx:1.29
            volumes: ["files:/usr/share/nginx/html:ro"]
        volumes:
          files:

    Instead
    -------
    Mount it with `:ro` wherever it is only read.

    See
    ---
    KICS, "Volume Mounted In Multiple Containers"
    """
    writers: dict[str, dict[str, Mount]] = {}
    for service in model.services.values():
        for mount in service.mounts:
            if mount.kind == "volume" and mount.source and not mount.read_only:
                writers.setdefault(mount.source, {}).setdefault(service.name, mount)
    for volume, mounts in writers.items():
        if len(mounts) > 1:
            (_, first), *others = mounts.items()
            message = f"{' and '.join(mounts)} write to the volume {volume}."
            found = fault(model, first.place, volume, message, "Add :ro wherever it is only read.")
            rest = (Evidence(source="compose", where=str(mount.place), quote=name) for name, mount in others)
            yield replace(found, evidence=(*found.evidence, *rest))
