"""The Java virtual machine reached its own heap limit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"java\.lang\.OutOfMemoryError: (?:Java heap space|GC overhead limit exceeded)")


@signature(code="exit-java-heap", area="resource")
def exit_java_heap(snapshot: Snapshot) -> Iterator[Finding]:
    """The Java virtual machine reached its own heap limit.

    The program may go on half broken, or end with 1 or 3: State.OOMKilled is false, unlike `exit-137-oom`. Without -Xmx
    the heap is a quarter of the container's memory limit, so that more memory alone helps little.

    Seen
    ----
        Exception in thread "main" java.lang.OutOfMemoryError: Java heap space
        java.lang.OutOfMemoryError: GC overhead limit exceeded
    """
    for refusal in heard(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("environment") or refusal.written("mem_limit"),
            message="Java ran out of its own heap.",
            cause="The heap's limit is lower than what the work needs; it is a quarter of the memory unless it is set.",
            fix="Set JAVA_TOOL_OPTIONS=-XX:MaxRAMPercentage=75 (or -Xmx below the memory limit); then raise the limit.",
        )
