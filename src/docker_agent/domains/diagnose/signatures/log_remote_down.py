"""The log server does not answer, so the container does not start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"failed to (initialize|create) logging driver: (?P<why>dial [^\n]*)")


@signature(code="log-remote-down", area="network")
def log_remote_down(snapshot: Snapshot) -> Iterator[Finding]:
    """The log server does not answer, so the container does not start.

    Remote logging drivers connect before the start and block it; `log-opt` is a wrong option instead.

    Seen
    ----
        failed to initialize logging driver: dial tcp 127.0.0.1:24299: connect: connection refused
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("logging"),
            message="The logging driver cannot reach its server.",
            cause="syslog, gelf and fluentd connect before the container starts.",
            fix="Start the log server first, or set mode: non-blocking (fluentd: fluentd-async).",
        )
