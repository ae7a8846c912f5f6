"""Ended processes are not collected by the container's first process."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"<defunct>|^[ \t]*\d+[ \t]+(?:\S+[ \t]+){0,8}Z[+Nls<]*[ \t]", re.MULTILINE)


@signature(code="zombies", area="process")
def zombies(snapshot: Snapshot) -> Iterator[Finding]:
    """Ended processes stay as zombies, because process 1 of the container does not collect them.

    A list of processes made inside (docker exec X ps) shows them with the state Z or the word `<defunct>`; docker top
    leaves them out. They take no memory, but count as processes until none can be started any more (`pids-limit`).

    Seen
    ----
        root        26484   26471  0 18:27 ?        00:00:00 [sleep] <defunct>
        7     1 Z    sleep
    """
    for refusal in spoken(snapshot, PATTERN):
        yield refusal.found(
            message="There are zombies: ended processes that nobody collects.",
            cause="The container's first process does not wait for children that outlive their parents.",
            fix="Set init: true (docker run --init), so that a small init collects them.",
            severity=Severity.WARN,
        )
