"""A port below 1024 cannot be bound by this user."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.reaching import TOLD_ELSEWHERE
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"(bind|listen)[^\s:(]{0,80}[:( ].{0,200}?permission denied", re.IGNORECASE)
# The path of a socket or file, or a port that every user may have: then it is something else.
OTHER = re.compile(r"(?<![\w/.:-])/[A-Za-z_]|unix|:(?!10[01]\d\b|102[0-3]\b)\d{4,5}\b", re.IGNORECASE)
AFTER = 80
MESSAGE = "The process may not listen on a port below 1024."
CAUSE = "It runs as a normal user and the kernel here keeps low ports for root."
FIX = "Listen on a port above 1024 and publish it as 80:8080, or set sysctls net.ipv4.ip_unprivileged_port_start=0."
FIRST_PORT = ("sysctls", "net.ipv4.ip_unprivileged_port_start")


@signature(code="low-port", area="network")
def low_port(snapshot: Snapshot) -> Iterator[Finding]:
    """A port below 1024 cannot be bound by this user.

    The message is about bind, not about a file; unlike `perm-bind` no path is named.

    Seen
    ----
        nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)
        listen tcp :80: bind: permission denied
    """
    for container, line, match in complaints(snapshot, PATTERN):
        if OTHER.search(line.text[match.start() : match.end() + AFTER]):
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "user") or written(snapshot, container, "ports"),
            message=MESSAGE,
            cause=CAUSE,
            fix=FIX,
            confidence="likely",
        )
    for refusal in spoken_lines(snapshot, PATTERN, unless=TOLD_ELSEWHERE):
        match = refusal.match
        if not OTHER.search(match.string[match.start() : match.end() + AFTER]):
            yield refusal.found(message=MESSAGE, cause=CAUSE, fix=FIX, confidence="likely")


@low_port.fix
def open_low_ports(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Low ports for every user in this container's own network; nothing where it has none of its own."""
    container = container_in(snapshot, finding)
    shared = container.network_mode.startswith(("host", "container:", "service:"))
    if shared or str(service_value(snapshot, container, *FIRST_PORT)).rpartition("=")[2] == "0":
        return None
    why = "In this container's own network every user may open ports below 1024; it stays a normal user."
    return recreate(snapshot, finding, {FIRST_PORT: 0}, why, watch_s=3.0)
