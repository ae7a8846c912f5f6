"""A volume is in use, is not there, or its driver is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import inspected
from docker_agent.domains.diagnose.messages import refusals, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

IN_USE = re.compile(r"remove (?P<name>\S+): volume is in use - \[(?P<ids>[0-9a-f, ]+)\]")
MISSING = re.compile(
    r'get (?P<name>\S+): no such volume|external volume "(?P<external>[^"]+)" not found'
    r'|volume "(?P<declared>[^"]+)" declared as external, but could not be found'
)
PLUGIN = re.compile(r'error looking up volume plugin (?P<name>[^:\n]+): plugin "[^"]+" (?:not found|is disabled)')


@signature(code="vol-in-use", area="storage")
def vol_in_use(snapshot: Snapshot) -> Iterator[Finding]:
    """The volume cannot be removed, because a container still refers to it.

    A stopped container counts. The message names the containers; nothing was removed.

    Seen
    ----
        Error response from daemon: remove data: volume is in use - [915fccee9a9fafb1a6d523d04aefb921de0cb670]
    """
    for refusal in spoken(snapshot, IN_USE):
        ids = [each.strip() for each in refusal.match["ids"].split(",")]
        users = [
            each
            for each in (*snapshot.containers, *snapshot.others)
            if any(each.id.startswith(number[:12]) for number in ids)
        ]
        names = ", ".join(each.name for each in users) or ", ".join(number[:12] for number in ids)
        yield refusal.found(
            *(inspected(snapshot, each, "State.Status", each.status) for each in users[:3]),
            message=f"The volume {refusal.match['name']} belongs to {names}.",
            cause="A container that refers to it exists, running or stopped.",
            fix="Back up what is needed, remove the container first, then the volume.",
            severity=Severity.WARN,
        )


@signature(code="vol-missing", area="storage")
def vol_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The volume does not exist on this engine.

    Compose names volumes PROJECT_NAME; one that is `external: true` is taken by its plain name and never created. A
    missing driver is `vol-plugin`.

    Seen
    ----
        Error response from daemon: get nosuch: no such volume
        external volume "data" not found
    """
    for refusal in spoken(snapshot, MISSING):
        name = next(each for each in refusal.match.groups() if each)
        alike = [each.name for each in snapshot.volumes if each.name.endswith(f"_{name}")]
        yield refusal.found(
            message=f"There is no volume {name}{f', but {alike[0]}' if alike else ''}.",
            cause="It was never created, was removed, or carries a project's prefix.",
            fix=f"Create it (docker volume create {name}), set `name:` to the real one, or take `external: true` away.",
        )


@signature(code="vol-plugin", area="storage")
def vol_plugin(snapshot: Snapshot) -> Iterator[Finding]:
    """The driver of a volume is not installed on this engine.

    `docker plugin ls` lists those that are. The engine's own driver is called local; with it remote shares need no
    plugin (`vol-nfs`).

    Seen
    ----
        Error response from daemon: create data: error looking up volume plugin nosuch: plugin "nosuch" not found
    """
    for refusal in refusals(snapshot, PLUGIN):
        name = refusal.match["name"]
        yield refusal.found(
            message=f"The volume driver {name} is not installed.",
            cause="The plugin is missing or disabled on this engine, or the driver's name is wrong.",
            fix=f"Install it (docker plugin install {name}), or use the driver local.",
        )
