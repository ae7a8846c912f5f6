"""Databases whose data go with the container."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.data_folders import data_folder, postgres_major
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.texts import has_unset
from docker_agent.project.compose.types import Mount, Service


@rule(severity=Severity.WARN, area="production", production=Severity.ERROR)
def data_on_anonymous_volume(model: ComposeModel) -> Iterator[Finding]:
    """A database keeps its data where they are lost with the container.

    Why
    ---
    Without a volume at its data folder, or with one that has no name, the `up` after a `docker compose down` begins
    with an empty database: the old one stays behind in a volume called by 64 digits, which `docker volume prune` and
    `down -v` delete, or went with the container. A volume at the folder above does not help
    where the image declares its own below it: PostgreSQL up to 17 keeps its data in /var/lib/postgresql/data, from 18
    on in /var/lib/postgresql. A tmpfs there is a decision, and not flagged; nor is Redis, unless it writes a log of
    changes.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2
            volumes: [pgdata:/var/lib/postgresql]
        volumes:
          pgdata: {}

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            volumes: [pgdata:/var/lib/postgresql/data]
          cache:
            image: redis:8
          test:
            image: mysql:8.4
            tmpfs: [/var/lib/mysql]
        volumes:
          pgdata: {}

    Instead
    -------
    Mount a named volume at the data folder. Data that are in an anonymous volume now have to be copied first:
    `docker compose cp`, or a dump.
    """
    for service in model.services.values():
        folder = data_folder(service)
        if not folder or not is_known(service) or _cannot_tell(service):
            continue
        mount = _mount_at(service, folder)
        if mount is not None and (mount.source or mount.kind != "volume"):
            continue
        what = "a volume without a name" if mount is not None else "no volume"
        yield fault(
            model,
            mount.place if mount is not None else model.key_place(("services", service.name, "volumes")),
            service.name,
            f"{service.name} keeps its data in {folder}, where {what} is mounted.",
            f"Mount a named volume at {folder}.",
        )


def _cannot_tell(service: Service) -> bool:
    unsure = bool(service.volumes_from) or has_unset(service.raw.get("volumes"))
    return unsure or has_unset(service.raw.get("tmpfs")) or has_unset(service.raw.get("image"))


def _mount_at(service: Service, folder: str) -> Mount | None:
    """What is mounted at a data folder or inside it; above it only where the image declares no volume of its own."""
    wanted = PurePosixPath(folder)
    above = "PGDATA" in service.environment or service.image.startswith("linuxserver/")
    unsure = folder.startswith("/var/lib/postgresql") and postgres_major(service) is None
    for tmpfs in service.tmpfs_mounts:
        if wanted.is_relative_to(tmpfs.target):
            return Mount("tmpfs", tmpfs.target, tmpfs.place)
    for mount in service.mounts:
        target = PurePosixPath(mount.target)
        if target == wanted or (target.is_relative_to(wanted) and not _is_old_postgres(folder, target)):
            return mount
        if (above or unsure) and wanted.is_relative_to(target):
            return mount
    return None


def _is_old_postgres(folder: str, target: PurePosixPath) -> bool:
    """Whether a volume is where PostgreSQL 18 no longer looks."""
    return folder == "/var/lib/postgresql" and target == PurePosixPath("/var/lib/postgresql/data")
