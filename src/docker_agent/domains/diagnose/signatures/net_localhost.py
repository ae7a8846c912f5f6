"""The application looks for another service on localhost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, setting, sure
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.reaching import TOLD_ELSEWHERE
from docker_agent.domains.diagnose.snapshot import Snapshot

LOCAL = r"(?:localhost|127\.0\.0\.1|\[?::1\]?)"
REFUSED = r"(?:connection refused|ECONNREFUSED|could not connect|can't connect)"
PATTERN = re.compile(rf"{LOCAL}.{{0,120}}{REFUSED}|{REFUSED}.{{0,120}}{LOCAL}", re.IGNORECASE)
MESSAGE = "A connection to localhost was refused."
CAUSE = "localhost is the container itself, not the host and not another service."
FIX = "Use the other service's name and its container port (db:5432)."


@signature(code="net-localhost", area="network")
def net_localhost(snapshot: Snapshot) -> Iterator[Finding]:
    """The application looks for another service on localhost.

    Inside a container localhost is the container itself. With the name of a service refused it is `net-conn-
    refused`.

    Seen
    ----
        Error: connect ECONNREFUSED 127.0.0.1:5432
        psql: error: connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            setting(snapshot, container, "localhost" if "localhost" in line.text else "127.0.0.1"),
            message=MESSAGE,
            cause=CAUSE,
            fix=FIX,
            confidence=sure(snapshot, container),
        )
    for refusal in spoken_lines(snapshot, PATTERN, unless=TOLD_ELSEWHERE):
        yield refusal.found(message=MESSAGE, cause=CAUSE, fix=FIX, confidence="likely")
