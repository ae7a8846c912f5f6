"""A process of the host holds the host port."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.ports import change_port, port_in, port_place
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"failed to bind host port (?:for )?\S+?:(?P<port>\d+)[:/].*address already in use"
    r"|listen \w+ \S+?:(?P<port2>\d+): bind: address already in use"
)


@signature(code="port-inuse-host", area="network")
def port_inuse_host(snapshot: Snapshot) -> Iterator[Finding]:
    """A process of the host holds the host port.

    No container has the port: something outside of Docker listens there. `port-allocated` is another container.

    Seen
    ----
        failed to bind host port for 127.0.0.1:28749:172.16.0.4:80/tcp: address already in use
        Error starting userland proxy: listen tcp4 0.0.0.0:8082: bind: address already in use
    """
    for refusal in refusals(snapshot, PATTERN):
        port = int(refusal.match["port"] or refusal.match["port2"])
        yield refusal.found(
            port_place(snapshot, refusal.container, port) if refusal.container else None,
            message=f"Port {port} of the host is taken by a program outside of Docker.",
            cause="A program outside of Docker listens on this port.",
            fix="Publish another port, or stop what holds this one (ss -ltnp shows it).",
        )


@port_inuse_host.fix
def publish_elsewhere(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The next port that no container publishes and that this file does not use."""
    return change_port(snapshot, finding, port_in(finding))
