"""Paths of the host that several services write to."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Mount


@rule(severity=Severity.OFF, area="practice")
def shared_bind_writable(model: ComposeModel) -> Iterator[Finding]:
    """A path of the host is mounted writable in more than one service.

    Why
    ---
    Two programs that write the same file overwrite each other's changes, and what breaks into one of them changes what
    the other reads. Media libraries and download folders are shared on purpose, so this rule is off until it is asked
    for. The data of a database is another matter, and told by shared_data_writable.

    Flagged
    -------
        services:
          app:
            image: app:1
            volumes: ["./files:/files"]
          worker:
            image: app:1
            volumes: ["./files/:/work"]

    Fine
    ----
        services:
          app:
            image: app:1
            volumes: ["./files:/files"]
          web:
            image: nginx:1.29
            volumes: ["./files:/usr/share/nginx/html:ro"]

    Instead
    -------
    Mount it with `:ro` wherever it is only read.

    See
    ---
    shared_volume · shared_data_writable
    """
    writers: dict[str, dict[str, Mount]] = {}
    for service in model.services.values():
        for mount in service.mounts:
            if mount.kind == "bind" and mount.source and not mount.read_only:
                writers.setdefault(str(model.resolve(mount.source)), {}).setdefault(service.name, mount)
    for mounts in writers.values():
        if len(mounts) > 1:
            (name, first), *others = mounts.items()
            message = f"{' and '.join(mounts)} write to {first.source}."
            found = fault(model, first.place, name, message, "Add :ro wherever it is only read.")
            rest = (Evidence(source="compose", where=str(mount.place), quote=other) for other, mount in others)
            yield replace(found, evidence=(*found.evidence, *rest))
