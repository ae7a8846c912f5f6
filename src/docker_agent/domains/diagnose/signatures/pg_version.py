"""The database files were made by another major version of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"database files are incompatible with server|initialized by PostgreSQL version (?P<old>\d+)")


@signature(code="pg-version", area="storage")
def pg_version(snapshot: Snapshot) -> Iterator[Finding]:
    """The database files were made by another major version of PostgreSQL.

    PostgreSQL refuses to start and names both versions; the data is whole.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "image"),
            message="The data folder belongs to another PostgreSQL version.",
            cause="The image's tag moved to a new major version; PostgreSQL does not upgrade files by itself.",
            fix="Pin the old tag, dump the data, start the new version on an empty volume and restore.",
            confidence="certain",
        )
