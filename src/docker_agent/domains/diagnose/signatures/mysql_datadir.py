"""MySQL or MariaDB will not use the files in its data folder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"--initialize specified but the data directory has files in it|Cannot upgrade"
    r"|downgrade.{0,40}not (?:supported|permitted)",
    re.IGNORECASE,
)


@signature(code="mysql-datadir", area="storage")
def mysql_datadir(snapshot: Snapshot) -> Iterator[Finding]:
    """MySQL or MariaDB will not use the files in its data folder.

    Either an earlier first start broke off half-way, or the files are of another version; both are said in the
    log.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "volumes") or written(snapshot, container, "image"),
            message="The database will not use the files in its data folder.",
            cause="The folder holds the rest of a broken first start, or files of another version.",
            fix=("Go back to the version that wrote them and dump, or begin with an empty volume if nothing is lost."),
            confidence="likely",
        )
