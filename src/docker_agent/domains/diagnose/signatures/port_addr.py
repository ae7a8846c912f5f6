"""A port is published on an address that this host does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import failed_starts, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"cannot assign requested address")


@signature(code="port-addr", area="network")
def port_addr(snapshot: Snapshot) -> Iterator[Finding]:
    """A port is published on an address that this host does not have.

    The error speaks of the address, not of the port: `port-allocated` and `port-inuse-host` say that the port
    is taken.
    """
    for container, _ in failed_starts(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            written(snapshot, container, "ports"),
            message="The host address in a published port is not one of this host.",
            cause="The address before the port is wrong or its network card is down.",
            fix="Use 127.0.0.1, 0.0.0.0 or an address of this host.",
        )
