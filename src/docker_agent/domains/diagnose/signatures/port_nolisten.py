"""A port is published, and nothing listens on it inside the container."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found
from docker_agent.domains.diagnose.listeners import say_listeners, unheard
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.ports import lead_to, port_place
from docker_agent.domains.diagnose.snapshot import Snapshot

CURL = re.compile(
    r"curl: \(5[26]\) (?:Recv failure: Connection reset by peer|Empty reply from server)"
    r"|wget: error getting response: Connection reset by peer"
)


@signature(code="port-nolisten", area="network")
def port_nolisten(snapshot: Snapshot) -> Iterator[Finding]:
    """A port is published, and nothing listens on it inside the container.

    The engine takes the connection and drops it, so clients see a reset or an empty answer instead of a refusal. With
    something that listens on that port, but only on 127.0.0.1, it is `port-loopback-bound`.

    Seen
    ----
        curl: (52) Empty reply from server
        curl: (56) Recv failure: Connection reset by peer
    """
    silent = list(unheard(snapshot))
    for container, port, fitting in silent:
        if fitting:
            continue
        others = sorted({each.port for each in snapshot.listening[container.name] if each.protocol == port.protocol})
        there = f"; it listens on {', '.join(map(str, others))}" if others else ""
        yield found(
            snapshot,
            container,
            say_listeners(snapshot, container),
            port_place(snapshot, container, port.host_port),
            message=f"Nothing listens on {port.container_port}/{port.protocol} inside, where {port.host_port} of the "
            f"host leads{there}.",
            cause="The application uses another port than the published one, or has not opened it.",
            fix="Publish the port that the application listens on (HOST:CONTAINER), or set the application's port.",
            confidence="certain" if others else "likely",
        )
    for refusal in () if silent else spoken(snapshot, CURL):
        yield refusal.found(
            message="The connection was taken and dropped without an answer.",
            cause="Nothing listens on the published port inside the container, or only on its 127.0.0.1.",
            fix="Compare the container's port in `ports:` with the one the application opens, and bind it to 0.0.0.0.",
            confidence="possible",
        )


@port_nolisten.fix
def publish_what_listens(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The one port on which the application listens for others; none where there are several, or none."""
    container = container_in(snapshot, finding)
    silent = [port for each, port, fitting in unheard(snapshot) if each is container and not fitting]
    served = {port.container_port for port in container.ports if port.host_port} - {
        port.container_port for port in silent
    }
    heard = [each for each in snapshot.listening[container.name] if not ipaddress.ip_address(each.ip).is_loopback]
    free = {each.port for each in heard if each.protocol == "tcp"} - served
    if len(silent) != 1 or len(free) != 1 or silent[0].protocol != "tcp":
        return None
    return lead_to(snapshot, finding, silent[0].host_port, free.pop())
