"""A folder of the host that is to be mounted does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import start_for_path

PATTERN = re.compile(r"bind source path does not exist: (?P<path>[^\n]+)")


@signature(code="bind-missing", area="storage")
def bind_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """A file or folder of the host that is to be mounted does not exist.

    Only --mount, the long form with `create_host_path: false`, secrets and configs say so; the short form makes an
    empty folder in its place, which is `exit-127-mount` where a file was meant. Behind a named volume it is
    `vol-bind-opt`. Of a service without a container it is told from the compose file.

    Seen
    ----
        Error response from daemon: invalid mount config for type "bind": bind source path does not exist: /nope
    """
    planned = list(_planned(snapshot))
    yield from planned
    for refusal in refusals(snapshot, PATTERN):
        if refusal.container is None and planned:
            continue
        path = refusal.match["path"].strip()
        yield refusal.found(
            refusal.written("volumes"),
            message=f"{path} is to be mounted, but the host has no such path.",
            cause="It is misspelt, relative to another folder, or on the client's machine instead of the engine's.",
            fix="Create it on the machine where the engine runs, with the right owner, or correct the path.",
        )


@bind_missing.fix
def start_again(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Start it, where the path has been made since."""
    container = container_in(snapshot, finding)
    match = PATTERN.search(container.error)
    return start_for_path(snapshot, finding, match["path"].strip()) if match else None


def _planned(snapshot: Snapshot) -> Iterator[Finding]:
    """Services without a container that mount, in the form that creates nothing, what the host does not have."""
    model = snapshot.model
    made = {each.service for each in snapshot.containers}
    for service in model.services.values() if model and model.disk and not snapshot.partial else ():
        if model is None or model.disk is None or service.name in made or not model.is_active(service):
            continue
        binds = [each for each in service.mounts if each.kind == "bind" and not each.create_host_path]
        mount = next((each for each in binds if each.source and not model.disk.kind(model.resolve(each.source))), None)
        if mount is not None:
            yield Finding(
                code="",
                severity=Severity.ERROR,
                object=service.name,
                message=f"{mount.source} is to be mounted at {mount.target}, but the host has no such path.",
                cause="It is not in the repository, misspelt, or relative to another folder than the compose file's.",
                fix="Create it on the machine where the engine runs, with the right owner, or correct the path; then up.",
                evidence=(Evidence(source="compose", where=str(mount.place), quote=mount.source),),
            )
