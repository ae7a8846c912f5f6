"""Another service refuses the connection."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, sure, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?:(?:dial tcp|connect(?:ion)? to|connecting to|ECONNREFUSED)[ :]*(?P<where>[\w.\[\]:-]+).{0,80})?"
    r"(?:connection refused|ECONNREFUSED)(?:[ :]+(?P<after>[\w.-]+:\d+))?",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(r"nslookup: read|localhost|127\.0\.0\.1|::1", re.IGNORECASE)


@signature(code="net-conn-refused", area="network")
def net_conn_refused(snapshot: Snapshot) -> Iterator[Finding]:
    """The name is known and the machine answers, but nothing listens on that port.

    Either the other service is not up yet, or the port is the published one instead of the container's own. With
    localhost in the message it is `net-localhost`; an unknown name is `dns-servfail`.
    """
    for container, line, match in complaints(snapshot, PATTERN):
        if ELSEWHERE.search(line.text):
            continue
        where = match["where"] or match["after"] or "another service"
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "depends_on") or written(snapshot, container, "environment"),
            message=f"A connection to {where} was refused.",
            cause="The other service is not up (yet), or the port is the published one instead of the container's own.",
            fix="Use the container's port; depend on it with service_healthy, and try again in the application.",
            confidence=sure(snapshot, container),
        )
