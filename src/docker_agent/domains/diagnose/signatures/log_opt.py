"""A logging option is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import failed_starts, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"failed to (?:initialize|create) logging driver: (?:invalid|unknown|unsupported)|unknown log opt")


@signature(code="log-opt", area="resource")
def log_opt(snapshot: Snapshot) -> Iterator[Finding]:
    """A logging option is wrong.

    The container never starts; `log-remote-down` is the same place with a server that does not answer.
    """
    for container, _ in failed_starts(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            written(snapshot, container, "logging"),
            message="A logging option is not understood.",
            cause="The value or the name of an option under `logging:` does not fit the driver.",
            fix='Correct it; sizes are written like 10m, counts like "3".',
        )
