"""Node.js reached its own heap limit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"JavaScript heap out of memory")


@signature(code="exit-134-node-heap", area="resource")
def exit_134_node_heap(snapshot: Snapshot) -> Iterator[Finding]:
    """Node.js reached its own heap limit.

    It aborts by itself with 134: State.OOMKilled is false, unlike `exit-137-oom`, and more container memory
    alone does not help.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "environment") or written(snapshot, container, "mem_limit"),
            message="Node.js ran out of its own heap.",
            cause="V8's heap limit is lower than what the work needs; the container's limit was not reached.",
            fix="Set NODE_OPTIONS=--max-old-space-size to about 75 % of the container's memory limit (in MiB).",
            confidence="certain",
        )
