"""Node.js reached its own heap limit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"JavaScript heap out of memory")
HEAP = re.compile(r"--max[-_]old[-_]space[-_]size=(\d+)")
MESSAGE = "Node.js ran out of its own heap."
CAUSE = "V8's heap limit is lower than what the work needs; the container's limit was not reached."
FIX = "Set NODE_OPTIONS=--max-old-space-size to about 75 % of the container's memory limit (in MiB)."
MIB = 2**20
SMALLEST_HEAP = 48


@signature(code="exit-134-node-heap", area="resource")
def exit_134_node_heap(snapshot: Snapshot) -> Iterator[Finding]:
    """Node.js reached its own heap limit.

    It aborts by itself with 134: State.OOMKilled is false, unlike `exit-137-oom`, and more container memory
    alone does not help.

    Seen
    ----
        FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "environment") or written(snapshot, container, "mem_limit"),
            message=MESSAGE,
            cause=CAUSE,
            fix=FIX,
            confidence="certain",
        )
    for refusal in spoken_lines(snapshot, PATTERN):
        yield refusal.found(message=MESSAGE, cause=CAUSE, fix=FIX)


@exit_134_node_heap.fix
def raise_heap(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Three quarters of the memory limit for the heap; nothing where it has as much already or there is no limit."""
    container = container_in(snapshot, finding)
    wanted = container.memory_limit * 3 // 4 // MIB
    before = str(service_value(snapshot, container, "environment", "NODE_OPTIONS") or "").removeprefix("NODE_OPTIONS=")
    size = HEAP.search(before)
    if wanted < SMALLEST_HEAP or "$" in before or (size and int(size[1]) >= wanted):
        return None
    options = " ".join([*HEAP.sub("", before).split(), f"--max-old-space-size={wanted}"])
    why = f"The container may use {container.memory_limit // MIB} MiB; three quarters of it for the heap."
    return recreate(snapshot, finding, {("environment", "NODE_OPTIONS"): options}, why, watch_s=5.0)
