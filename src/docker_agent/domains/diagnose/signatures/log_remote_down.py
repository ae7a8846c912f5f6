"""The log server does not answer, so the container does not start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
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


@log_remote_down.fix
def connect_later(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Let the driver of Fluentd connect when its server is there; the other drivers know no such option."""
    container = container_in(snapshot, finding)
    if service_value(snapshot, container, "logging", "driver") != "fluentd":
        return None
    why = "The container starts without its log server; what it says is kept in memory until that answers."
    return recreate(snapshot, finding, {("logging", "options", "fluentd-async"): "true"}, why)
