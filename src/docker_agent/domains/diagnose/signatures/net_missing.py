"""A network that the container joins does not exist any more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import failed_starts, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"network (?P<net>\S+) not found")


@signature(code="net-missing", area="network")
def net_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """A network that the container joins does not exist any more.

    The container remembers the network by its id; the error tells it from a network that is only unreachable.
    """
    for container, match in failed_starts(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            written(snapshot, container, "networks"),
            message=f"The network {match['net']} does not exist.",
            cause="It was removed after the container was made, or its name lacks the project's prefix.",
            fix=("Recreate the container (`docker compose up -d --force-recreate`), or create the external network."),
        )
