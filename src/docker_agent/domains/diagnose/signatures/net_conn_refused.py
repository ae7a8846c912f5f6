"""Another service refuses the connection."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, setting, sure, written
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.reaching import TOLD_ELSEWHERE, called
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

PATTERN = re.compile(
    r"(?:(?:dial tcp|connect(?:ion)? to|connecting to|ECONNREFUSED)[ :]*(?:\w{1,20}://(?:[^\s/@]{1,200}@)?)?"
    r"(?P<where>[\w.\[\]:-]+).{0,80})?"
    r"(?:connection refused|ECONNREFUSED)(?:[ :]+(?P<after>[\w.-]+:\d+))?",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(r"nslookup: read|localhost|127\.0\.0\.1|::1", re.IGNORECASE)
CAUSE = "The other service is not up (yet), or the port is the published one instead of the container's own."
FIX = "Use the container's port; depend on it with service_healthy, and try again in the application."


@signature(code="net-conn-refused", area="network")
def net_conn_refused(snapshot: Snapshot) -> Iterator[Finding]:
    """The name is known and the machine answers, but nothing listens on that port.

    Either the other service is not up yet, or the port is the published one instead of the container's own. With
    localhost in the message it is `net-localhost`; an unknown name is `dns-servfail`.

    Seen
    ----
        Error: connect ECONNREFUSED 172.18.0.3:5432
        dial tcp 172.18.0.3:6379: connect: connection refused
    """
    for container, line, match in complaints(snapshot, PATTERN):
        if ELSEWHERE.search(line.text):
            continue
        where = _where(match)
        mistake = _host_port(snapshot, container, where)
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "depends_on") or setting(snapshot, container, where.partition(":")[0]),
            message=f"A connection to {where} was refused.",
            cause=f"{mistake}, and other containers reach the container's own port." if mistake else CAUSE,
            fix=FIX,
            confidence=sure(snapshot, container),
        )
    unless = re.compile(f"{ELSEWHERE.pattern}|{TOLD_ELSEWHERE.pattern}", re.IGNORECASE)
    for refusal in spoken_lines(snapshot, PATTERN, unless):
        yield refusal.found(
            message=f"A connection to {_where(refusal.match)} was refused.", cause=CAUSE, fix=FIX, confidence="likely"
        )


def _where(match: re.Match[str]) -> str:
    return (match["where"] or match["after"] or "another service").rstrip(":")


def _host_port(snapshot: Snapshot, container: Container, where: str) -> str:
    """What the port is, in words, where it is the one that the other container has on the host."""
    name, _, number = where.rpartition(":")
    other = called(snapshot, container, name)
    ports = {str(port.host_port): port.container_port for port in other.ports if port.host_port} if other else {}
    inner = ports.get(number)
    return f"{number} is the port on the host, {inner} the container's" if inner and str(inner) != number else ""
