"""Ended processes are not collected by the container's first process."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import cut, found, label, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

DEFUNCT = "<defunct>"
PATTERN = re.compile(r"<defunct>|^[ \t]*\d+[ \t]+(?:\S+[ \t]+){0,8}Z[+Nls<]*[ \t]", re.MULTILINE)
CAUSE = "Its first process starts others and does not wait for those that outlive their parents."
FIX = "Set init: true (docker run --init), so that a small init collects them."


@signature(code="zombies", area="process")
def zombies(snapshot: Snapshot) -> Iterator[Finding]:
    """Ended processes stay as zombies, because process 1 of the container does not collect them.

    A list of processes shows them with the state Z or the word `<defunct>`; processes are listed only where use is
    measured. They take no memory, but count as processes until none can be started any more (`pids-limit`).

    Seen
    ----
        root        26484   26471  0 18:27 ?        00:00:00 [sleep] <defunct>
        7     1 Z    sleep
    """
    for refusal in spoken(snapshot, PATTERN):
        yield refusal.found(
            message="There are zombies: ended processes that nobody collects.",
            cause=CAUSE,
            fix=FIX,
            severity=Severity.WARN,
        )
    for container in snapshot.containers:
        rows = [row for row in snapshot.processes.get(container.name, ()) if DEFUNCT in row.get("CMD", "")]
        if not rows:
            continue
        name = label(snapshot, container)
        yield found(
            snapshot,
            container,
            Evidence(source="inspect", where=f"{name} processes", quote=cut(snapshot, " ".join(rows[0].values()))),
            written(snapshot, container, "command"),
            message=f"It has {len(rows)} zombie{'s' if len(rows) > 1 else ''}: ended processes that nobody collects.",
            cause=CAUSE,
            fix=FIX,
            confidence="likely",
            severity=Severity.WARN,
        )


@zombies.fix
def add_init(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """An init as process 1 collects whatever ends."""
    if service_value(snapshot, container_in(snapshot, finding), "init"):
        return None
    return recreate(snapshot, finding, {("init",): True}, "An init as process 1 collects ended processes.")
