"""The limit of open files is used up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, sure, written
from docker_agent.domains.diagnose.mend import container_in, recreate
from docker_agent.domains.diagnose.snapshot import Snapshot

FACTOR = 16
SMALLEST, LARGEST = 4_096, 65_536
PATTERN = re.compile(r"^(?!.*inotify).*(?:Too many open files|EMFILE)", re.IGNORECASE)


@signature(code="nofile", area="resource")
def nofile(snapshot: Snapshot) -> Iterator[Finding]:
    """The limit of open files is used up.

    The application says EMFILE; a host-wide limit would hit several containers at once. At start it is `nofile-
    runc`.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "ulimits"),
            message="The process may open no more files.",
            cause="ulimits.nofile is too low for the number of connections and files, or descriptors leak.",
            fix="Raise ulimits.nofile (65536), and look for a leak if it fills again.",
            confidence=sure(snapshot, container),
        )


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
