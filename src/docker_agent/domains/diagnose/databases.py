"""What signatures of databases ask: which database a container runs, and whether its data is older than it."""

from __future__ import annotations

import re
from typing import Literal

from docker_agent.core.finding import Evidence
from docker_agent.domains.diagnose.evidence import written
from docker_agent.domains.diagnose.messages import Refusal
from docker_agent.domains.diagnose.snapshot import Snapshot, seconds_of
from docker_agent.host.models import Container, Volume

Database = Literal["postgres", "mysql", "redis"]
MADE_TOGETHER_S = 5.0
PROGRAMS: dict[Database, re.Pattern[str]] = {
    "postgres": re.compile(r"postgres|postgis|timescale|pgvector"),
    "mysql": re.compile(r"mysql|mariadb|percona"),
    "redis": re.compile(r"redis|valkey|keydb"),
}


def is_database(container: Container | None, kind: Database) -> bool:
    """Whether a container runs this database, by its image's name or the program that it starts."""
    if container is None:
        return False
    words = (container.image.rpartition("/")[2], *container.command[:1])
    return any(PROGRAMS[kind].search(word) for word in words)


def older_volume(snapshot: Snapshot, container: Container) -> Volume | None:
    """A volume of the container that was there before it: its files were made with the settings of that time."""
    mounted = {mount.name for mount in container.mounts if mount.name}
    made = seconds_of(container.created_at)
    for volume in snapshot.volumes:
        age = seconds_of(volume.created_at)
        if volume.name in mounted and age and age + MADE_TOGETHER_S < made:
            return volume
    return None


def set_here(refusal: Refusal, *names: str) -> Evidence | None:
    """Where the compose file sets the first of these environment variables."""
    if refusal.container is None:
        return None
    places = (written(refusal.snapshot, refusal.container, "environment", name) for name in names)
    return next((place for place in places if place is not None), None)


def aged(refusal: Refusal) -> Evidence | None:
    """Evidence of a volume that is older than the container."""
    volume = older_volume(refusal.snapshot, refusal.container) if refusal.container else None
    if volume is None:
        return None
    return Evidence(source="inspect", where=f"volume {volume.name} CreatedAt", quote=volume.created_at)
