"""Health checks for known images: with tools that the image brings, without a password, over the network.

Over the network, so that a server which still sets itself up, and listens on a socket only, does not count.
"""

from __future__ import annotations

import re

from docker_agent.domains.compose.facts.images import image_tag
from docker_agent.project.compose.types import Service

_POSTGRES = 'pg_isready -q -h 127.0.0.1 -U "$${POSTGRES_USER:-postgres}"'
_MONGO = "mongosh --quiet --host 127.0.0.1 --eval 'quit(db.adminCommand({ping: 1}).ok ? 0 : 1)'"

_CHECKS = {
    "postgres": _POSTGRES,
    "postgis/postgis": _POSTGRES,
    "pgvector/pgvector": _POSTGRES,
    "timescale/timescaledb": _POSTGRES,
    "redis": "redis-cli ping",
    "valkey/valkey": "valkey-cli ping",
    "mysql": "mysqladmin ping --silent -h 127.0.0.1",
    "mariadb": "mariadb-admin ping --silent -h 127.0.0.1",
    "rabbitmq": "rabbitmq-diagnostics -q ping",
    "mongo": _MONGO,
    "influxdb": "influx ping --host http://127.0.0.1:8086",
}

# The versions whose images have the tool: mongosh and mariadb-admin came later, influxdb 3 has another one.
_VERSIONS = {
    "mongo": r"([6-9]|\d{2})\b.*",
    "mariadb": r"(10\.([4-9]|\d{2})|1[1-9]|lts|latest)\b.*",
    "influxdb": r"2\b.*",
}


def check_of(service: Service) -> list[str] | None:
    """The `test` of a service's health check, None where its image is not known to have the tool for one."""
    repository, tag = repository_of(service.image), image_tag(service.image) or "latest"
    if repository == "traefik":
        return _traefik(service)
    check = _CHECKS.get(repository)
    wanted = _VERSIONS.get(repository, ".*")
    return ["CMD-SHELL", check] if check and re.fullmatch(wanted, tag) else None


def _traefik(service: Service) -> list[str] | None:
    """Traefik's own check, where its command turns on the ping that it asks, at the place where it is looked for."""
    words = [word.lower() for word in service.command or ()]
    on = any(word in {"--ping", "--ping=true"} for word in words)
    moved = any(word.startswith(("--ping.", "--entrypoints.traefik.", "--configfile")) for word in words)
    return ["CMD", "traefik", "healthcheck", "--ping"] if on and not moved else None


def repository_of(image: str) -> str:
    """The repository of an image of Docker Hub, without its tag."""
    name = image.partition("@")[0]
    head, _, last = name.rpartition("/")
    repository = f"{head}/{last.partition(':')[0]}".removeprefix("/")
    return repository.removeprefix("docker.io/").removeprefix("library/")
