"""A host name cannot be resolved from the container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, sure, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"bad address '|could not translate host name|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)|lookup \S+.{0,60}no such host"
    r"|host not found in upstream|unknown (?:mysql server )?host|temporary failure in name resolution"
    r"|name or service not known|NXDOMAIN|SERVFAIL|could not resolve host",
    re.IGNORECASE,
)


@signature(code="dns-servfail", area="network")
def dns_servfail(snapshot: Snapshot) -> Iterator[Finding]:
    """A host name cannot be resolved from the container.

    The name is unknown, not the connection refused: the other service is on another network, stopped, or
    misspelt, or the host's DNS is down.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "networks") or written(snapshot, container, "environment"),
            message="A host name could not be resolved.",
            cause="No container of that name runs on a network that both share, or the name is wrong.",
            fix="Check the spelling, start the other service, and put both on one network.",
            confidence=sure(snapshot, container),
        )
