"""Two containers that write into one database's data."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.data_folders import data_folder
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.run_together import run_together
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Mount, Service


@rule(severity=Severity.ERROR, area="conflict")
def shared_data_writable(model: ComposeModel) -> Iterator[Finding]:
    """A database's data folder is mounted writable in a second container.

    Why
    ---
    A database server believes that its files are its own; two of them on the same files destroy the data within
    minutes. The lock that keeps a second one from starting holds a process number, which means nothing in another
    container. A tool that writes there, and is no server, is a warning; one that only reads is fine. Services in
    different profiles are taken for alternatives.

    Flagged
    -------
        services:
          db:
            image: mysql:8.4
            volumes: [./data:/var/lib/mysql]
          replica:
            image: mysql:8.4
            volumes: [./data:/var/lib/mysql]

    Fine
    ----
        services:
          db:
            image: mysql:8.4
            volumes: [./data:/var/lib/mysql]
          backup:
            image: backup:1
            volumes: [./data:/source:ro]

    Instead
    -------
    Give each server a folder of its own. For a backup ask the server (`mysqldump`, `pg_dump`), or mount read-only.
    """
    owners = [(service, mount) for service in model.services.values() if (mount := _data_mount(service))]
    for owner, data in owners:
        if owner.replicas > 1:
            message = f"{owner.replicas} replicas of {owner.name} write into the same data in {data.source}."
            yield fault(model, data.place, owner.name, message, "Run one, or give each a volume of its own.")
    sources = {_source(model, data): (owner, data) for owner, data in reversed(owners)}
    for service in model.services.values() if sources else ():
        for mount in service.mounts:
            owner, data = sources.get(_source(model, mount), (service, mount))
            if owner is service or mount.read_only or mount.subpath or not run_together(model, owner, service):
                continue
            found = fault(
                model,
                mount.place,
                service.name,
                f"{service.name} writes into {data.source}, where {owner.name} keeps its data.",
                "Give it a folder of its own, or mount it read-only.",
            )
            elsewhere = Evidence(source="compose", where=str(data.place))
            found = replace(found, evidence=(*found.evidence, elsewhere))
            yield found if data_folder(service) else replace(found, severity=Severity.WARN)


def _data_mount(service: Service) -> Mount | None:
    folder = data_folder(service)
    return next((mount for mount in service.mounts if folder and mount.target == folder and mount.source), None)


def _source(model: ComposeModel, mount: Mount) -> str:
    return str(model.resolve(mount.source)) if mount.kind == "bind" else mount.source
