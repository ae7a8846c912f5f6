"""Databases that are known by their image, and where in the container each keeps its data."""

from __future__ import annotations

from functools import lru_cache

from docker_agent.core.pattern import lazy
from docker_agent.project.compose.types import Service

_POSTGRES = "/var/lib/postgresql/data"
_POSTGRES_18 = "/var/lib/postgresql"
_MYSQL = "/var/lib/mysql"

# By repository of the image. A volume that the image declares is exactly this path.
_DATA = {
    "postgres": _POSTGRES,
    "postgis/postgis": _POSTGRES,
    "pgvector/pgvector": _POSTGRES,
    "timescale/timescaledb": _POSTGRES,
    "mysql": _MYSQL,
    "mysql/mysql-server": _MYSQL,
    "mariadb": _MYSQL,
    "percona": _MYSQL,
    "percona/percona-server": _MYSQL,
    "linuxserver/mariadb": "/config",
    "mongo": "/data/db",
    "elasticsearch": "/usr/share/elasticsearch/data",
    "docker.elastic.co/elasticsearch/elasticsearch": "/usr/share/elasticsearch/data",
    "opensearchproject/opensearch": "/usr/share/opensearch/data",
    "couchdb": "/opt/couchdb/data",
    "neo4j": "/data",
    "cassandra": "/var/lib/cassandra",
    "scylladb/scylla": "/var/lib/scylla",
    "clickhouse/clickhouse-server": "/var/lib/clickhouse",
    "cockroachdb/cockroach": "/cockroach/cockroach-data",
    "arangodb": "/var/lib/arangodb3",
    "rethinkdb": "/data",
    "qdrant/qdrant": "/qdrant/storage",
    "mcr.microsoft.com/mssql/server": "/var/opt/mssql",
    "bitnami/postgresql": "/bitnami/postgresql",
    "bitnami/mariadb": "/bitnami/mariadb",
    "bitnami/mysql": "/bitnami/mysql/data",
    "bitnami/mongodb": "/bitnami/mongodb",
}

# Caches, unless they are told to write every change down.
_LOGGED = {"redis": "/data", "valkey/valkey": "/data", "redis/redis-stack-server": "/data"}

# `0.8.0-pg18` of pgvector, `17.2-alpine` of PostgreSQL itself.
_POSTGRES_MAJOR = lazy(r".*pg(\d{1,9})|(\d{1,9})")
_REGISTRIES = (
    "docker.io/",
    "index.docker.io/",
    "library/",
    "lscr.io/",
    "ghcr.io/linuxserver/",
    "public.ecr.aws/docker/",
)


@lru_cache(maxsize=1024)
def repository(image: str) -> str:
    """The repository of an image: `postgres` for `docker.io/library/postgres:17.2`."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = f"{head}{slash}{last.partition(':')[0]}"
    if name.startswith("ghcr.io/linuxserver/"):
        return name.removeprefix("ghcr.io/")
    for registry in _REGISTRIES:
        name = name.removeprefix(registry)
    return name.removeprefix("library/")


def data_folder(service: Service) -> str:
    """Where a database keeps its data, "" for services that are no known database, or that only keep a cache."""
    name = repository(service.image)
    if service.build or not name:
        return ""
    if name in _LOGGED:
        words = " ".join(service.command or ())
        return _LOGGED[name] if "--appendonly yes" in words else ""
    folder = _DATA.get(name, "")
    if folder == _POSTGRES:
        return service.environment.get("PGDATA") or (_POSTGRES_18 if (postgres_major(service) or 0) >= 18 else folder)
    return folder


def postgres_major(service: Service) -> int | None:
    """The major version of a PostgreSQL that its image's tag tells, None where it tells none."""
    tag = service.image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    match = _POSTGRES_MAJOR.match(tag)
    return int(match.group(1) or match.group(2)) if match else None
