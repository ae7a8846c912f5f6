"""The database files were made by another major version of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"database files are incompatible with server|initialized by PostgreSQL version (?P<old>\d+)")


@signature(code="pg-version", area="storage")
def pg_version(snapshot: Snapshot) -> Iterator[Finding]:
    """The database files were made by another major version of PostgreSQL.

    PostgreSQL refuses to start and names both versions; the data is whole.

    Seen
    ----
        2026-11-26 18:00:00.000 UTC [1] FATAL:  database files are incompatible with server
    """
    for refusal in heard(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("image"),
            message="The data folder belongs to another PostgreSQL version.",
            cause="The image's tag moved to a new major version; PostgreSQL does not upgrade files by itself.",
            fix="Pin the old tag, dump the data, start the new version on an empty volume and restore.",
            confidence="certain",
        )
