"""Another container holds the host port."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import failed_starts, found, inspected
from docker_agent.domains.diagnose.ports import change_port, holder_of, port_in, port_place, say_owner
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"Bind for \S+:(?P<port>\d+) failed: port is already allocated")


@signature(code="port-allocated", area="network")
def port_allocated(snapshot: Snapshot) -> Iterator[Finding]:
    """Another container holds the host port.

    The engine itself gave the port to another container. `port-inuse-host` is a process of the host that has it.
    """
    for container, match in failed_starts(snapshot, PATTERN):
        port = int(match["port"])
        holder = holder_of(snapshot, container, port)
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            inspected(snapshot, holder, "Ports", f"publishes {port}") if holder else None,
            port_place(snapshot, container, port),
            message=f"Port {port} of the host is taken by {say_owner(snapshot, holder)}.",
            cause="Another container publishes the same port.",
            fix="Publish another port, or stop what holds this one.",
        )


@port_allocated.fix
def publish_elsewhere(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The next port that no container publishes and that this file does not use."""
    return change_port(snapshot, finding, port_in(finding))
