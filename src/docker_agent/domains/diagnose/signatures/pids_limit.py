"""The limit of processes is used up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, inspected, logged, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"can't fork|cannot fork|fork: (?:retry: )?(?:resource temporarily|no child|try again)"
    r"|pthread_create.{0,40}(?:failed|EAGAIN)|unable to create (?:new )?native thread|can't start new thread",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(r"operation not permitted", re.IGNORECASE)
CAUSE = "pids_limit is too low for the number of processes and threads, or children are not reaped."
FIX = "Raise pids_limit; if the number keeps growing, set init: true and look for the leak."
FACTOR = 4
SMALLEST, LARGEST = 64, 32_768


@signature(code="pids-limit", area="resource")
def pids_limit(snapshot: Snapshot) -> Iterator[Finding]:
    """No more processes or threads can be made, because the container's limit of them is reached.

    Not a lack of memory, though some programs say so (`unable to create native thread`). Children that nobody reaps
    count too: then `init: true` is what is missing.

    Seen
    ----
        sh: can't fork: Resource temporarily unavailable
        java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached
        RuntimeError: can't start new thread
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        if not container.pids_limit and not snapshot.broken(container):
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, "HostConfig.PidsLimit", container.pids_limit or "none"),
            written(snapshot, container, "pids_limit")
            or written(snapshot, container, "deploy", "resources", "limits", "pids"),
            message=f"No more processes can be made; the limit is {container.pids_limit or 'not of this container'}.",
            cause=CAUSE,
            fix=FIX,
            confidence="certain" if container.pids_limit else "possible",
        )
    for refusal in spoken_lines(snapshot, PATTERN, unless=FORBIDDEN):
        yield refusal.found(message="No more processes can be made.", cause=CAUSE, fix=FIX, confidence="likely")


@pids_limit.fix
def raise_pids(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Four times the limit, at least 64."""
    container = container_in(snapshot, finding)
    wanted = min(LARGEST, max(SMALLEST, FACTOR * container.pids_limit))
    deep = ("deploy", "resources", "limits", "pids")
    path = ("pids_limit",) if service_value(snapshot, container, "pids_limit") is not None else deep
    if not container.pids_limit or wanted <= container.pids_limit or service_value(snapshot, container, *path) is None:
        return None
    why = f"{container.pids_limit} processes were not enough; {wanted} still stops a runaway."
    return recreate(snapshot, finding, {path: wanted}, why, watch_s=3.0)
