"""The limit of open files is used up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, sure, written
from docker_agent.domains.diagnose.mend import container_in, recreate
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.reaching import TOLD_ELSEWHERE
from docker_agent.domains.diagnose.snapshot import Snapshot

FACTOR = 16
SMALLEST, LARGEST = 4_096, 65_536
PATTERN = re.compile(r"^(?!.*inotify).*(?:Too many open files|EMFILE)", re.IGNORECASE)
MESSAGE = "The process may open no more files."
CAUSE = "ulimits.nofile is too low for the number of connections and files, or descriptors leak."
FIX = "Raise ulimits.nofile (65536), and look for a leak if it fills again."


@signature(code="nofile", area="resource")
def nofile(snapshot: Snapshot) -> Iterator[Finding]:
    """The limit of open files is used up.

    The application says EMFILE; a host-wide limit would hit several containers at once. At start it is `nofile-
    runc`.

    Seen
    ----
        Error: EMFILE: too many open files, open '/data/x'
        accept4() failed (24: Too many open files)
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "ulimits"),
            message=MESSAGE,
            cause=CAUSE,
            fix=FIX,
            confidence=sure(snapshot, container),
        )
    for refusal in spoken_lines(snapshot, PATTERN, unless=TOLD_ELSEWHERE):
        yield refusal.found(message=MESSAGE, cause=CAUSE, fix=FIX, confidence="likely")


@nofile.fix
def allow_more_files(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Sixteen times the service's own limit, at least 4096; the usual limit of servers where it has none."""
    wanted = more_files(snapshot, finding)
    why = f"{wanted} is enough for most servers, and open files cost little."
    return recreate(snapshot, finding, {("ulimits", "nofile"): wanted}, why)


def more_files(snapshot: Snapshot, finding: Finding) -> int:
    """A higher limit of open files that an engine with a limit of its own is likely to allow, too."""
    container = container_in(snapshot, finding)
    service = snapshot.model.services.get(container.service) if snapshot.model else None
    soft = service.ulimits.get("nofile", (0, 0))[0] if service else 0
    return min(LARGEST, max(SMALLEST, FACTOR * soft)) if soft > 0 else LARGEST
