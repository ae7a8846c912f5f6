"""PostgreSQL's data folder has the wrong owner or mode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"data directory .* has (invalid permissions|wrong ownership|group or world access)")


@signature(code="pg-datadir-perm", area="storage")
def pg_datadir_perm(snapshot: Snapshot) -> Iterator[Finding]:
    """PostgreSQL's data folder has the wrong owner or mode.

    It demands 0700 or 0750 and its own user; restores that lose the top folder's mode cause it.

    Seen
    ----
        2026-11-26 18:00:00.000 UTC [1] FATAL:  data directory "/var/lib/postgresql/data" has invalid permissions
        2026-11-26 18:00:00.000 UTC [1] FATAL:  data directory "/var/lib/postgresql/data" has wrong ownership
    """
    for refusal in heard(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("volumes"),
            message="PostgreSQL's data folder has the wrong owner or mode.",
            cause="A restore or a copy did not keep owner and mode of the top folder.",
            fix="Give it back: chown to the database's user and chmod 700, once, as root.",
            confidence="certain",
        )
