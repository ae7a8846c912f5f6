"""MySQL or MariaDB will not use the files in its data folder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"--initialize specified but the data directory has files in it|Cannot (?:up|down)grade"
    r"|downgrade.{0,40}not (?:supported|permitted)",
    re.IGNORECASE,
)


@signature(code="mysql-datadir", area="storage")
def mysql_datadir(snapshot: Snapshot) -> Iterator[Finding]:
    """MySQL or MariaDB will not use the files in its data folder.

    Either an earlier first start broke off half-way, or the files are of another version; both are said in the
    log.

    Seen
    ----
        2026-11-26T18:00:00.000000Z 0 [ERROR] [MY-010457] [Server] --initialize specified but the data directory has files in it. Aborting.
        2026-11-26T18:00:00.000000Z 1 [ERROR] [MY-014060] [Server] Invalid MySQL server downgrade: Cannot downgrade from 90000 to 80036.
    """
    for refusal in heard(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("volumes") or refusal.written("image"),
            message="The database will not use the files in its data folder.",
            cause="The folder holds the rest of a broken first start, or files of another version.",
            fix=("Go back to the version that wrote them and dump, or begin with an empty volume if nothing is lost."),
            confidence="likely",
        )
