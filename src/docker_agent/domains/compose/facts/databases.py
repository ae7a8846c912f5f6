"""Databases whose files belong to one major version, and what happens when another one opens them."""

from __future__ import annotations

import re

_POSTGRES = "reads only files of its own major version: dump before, restore after, or use pg_upgrade"
_FORWARD = "changes the files when it starts and cannot go back: take a backup before"
_STEPWISE = "goes up one major version at a time: take a backup before each"

# By the last part of the image's name: the family, and what a newer version does with the files.
FAMILIES: dict[str, tuple[str, str]] = {
    "postgres": ("postgres", _POSTGRES),
    "postgresql": ("postgres", _POSTGRES),
    "postgis": ("postgres", _POSTGRES),
    "pgvector": ("postgres", _POSTGRES),
    "timescaledb": ("postgres", _POSTGRES),
    "timescaledb-ha": ("postgres", _POSTGRES),
    "mysql": ("mysql", _FORWARD),
    "mysql-server": ("mysql", _FORWARD),
    "percona": ("mysql", _FORWARD),
    "mariadb": ("mariadb", _FORWARD),
    "mongo": ("mongo", _STEPWISE),
    "mongodb": ("mongo", _STEPWISE),
    "elasticsearch": ("elasticsearch", _STEPWISE),
    "opensearch": ("opensearch", _FORWARD),
    "redis": ("redis", _FORWARD),
    "valkey": ("valkey", _FORWARD),
    "cassandra": ("cassandra", _FORWARD),
    "influxdb": ("influxdb", _FORWARD),
    "neo4j": ("neo4j", _FORWARD),
    "clickhouse-server": ("clickhouse", _FORWARD),
    "rabbitmq": ("rabbitmq", _FORWARD),
    "meilisearch": ("meilisearch", "reads only files of its own version: make a dump before"),
}


def database_risk(before: str, after: str) -> str:
    """What a change of image means for the data of a database, "" where nothing or nothing known."""
    (old, old_major), (new, new_major) = _family(before), _family(after)
    if not old or (not new and _name(after) != _name(before)):
        return ""
    if old != new:
        return f"{new or _name(after)} cannot read the files of {old}: dump before, restore after"
    if old_major is None or new_major is None or old_major == new_major:
        return ""
    said = f"{old} {old_major} > {new_major}: "
    if new_major < old_major:
        return f"{said}an older version does not read the files of a newer one"
    return f"{said}it {next(words for family, words in FAMILIES.values() if family == old)}"


def _family(image: str) -> tuple[str, int | None]:
    family = FAMILIES.get(_name(image), ("", ""))[0]
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    # TimescaleDB and pgvector say in their tags which PostgreSQL they hold.
    found = re.search(r"pg(\d{1,9})", tag) or re.match(r"v?(\d{1,9})", tag)
    return family, int(found.group(1)) if found else None


def _name(image: str) -> str:
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]
