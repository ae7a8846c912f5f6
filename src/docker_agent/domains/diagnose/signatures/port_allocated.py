"""Another container holds the host port."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import inspected
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.ports import change_port, holder_of, port_in, port_place, say_owner
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import start

PATTERN = re.compile(r"Bind for \S+:(?P<port>\d+) failed: port is already allocated")


@signature(code="port-allocated", area="network")
def port_allocated(snapshot: Snapshot) -> Iterator[Finding]:
    """Another container holds the host port.

    The engine itself gave the port to another container. `port-inuse-host` is a process of the host that has it.

    Seen
    ----
        Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint sx2 (58f353da159d): Bind for 127.0.0.1:28720 failed: port is already allocated
    """
    for refusal in refusals(snapshot, PATTERN):
        port = int(refusal.match["port"])
        holder = holder_of(snapshot, refusal.container, port)
        yield refusal.found(
            inspected(snapshot, holder, "Ports", f"publishes {port}") if holder else None,
            port_place(snapshot, refusal.container, port) if refusal.container else None,
            message=f"Port {port} of the host was taken by another container, and is free now."
            if refusal.container and not holder
            else f"Port {port} of the host is taken by {say_owner(snapshot, holder)}.",
            cause="Another container publishes the same port.",
            fix="Publish another port, or stop what holds this one.",
        )


@port_allocated.fix
def publish_elsewhere(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The next port that no container publishes and that this file does not use; the same one where it is free now."""
    container, port = container_in(snapshot, finding), port_in(finding)
    if holder_of(snapshot, container, port) is None:
        return start(snapshot, finding, container, f"No container publishes port {port} any more, so it can have it.")
    return change_port(snapshot, finding, port)
