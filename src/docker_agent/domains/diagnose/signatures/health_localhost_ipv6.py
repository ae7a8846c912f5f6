"""The health check asks localhost, which means IPv6 first, and the application listens on IPv4 only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import checked, found, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.snapshot import Snapshot

REFUSED = re.compile(r"refused|can't connect|couldn't connect|failed to connect|could not connect", re.IGNORECASE)
SIX = re.compile(r"\[?::1\]?")


@signature(code="health-localhost-ipv6", area="health")
def health_localhost_ipv6(snapshot: Snapshot) -> Iterator[Finding]:
    """Localhost resolves to ::1 first; an application that listens on 0.0.0.0 only refuses there.

    Told from an application that is down by the address in the output of the check: it names ::1.
    """
    for container in snapshot.containers:
        last = container.health_log[-1] if container.health_log else None
        test = " ".join(container.health_test)
        if not container.running or not last or not last.exit_code or "localhost" not in test:
            continue
        if not REFUSED.search(last.output) or not SIX.search(last.output) or "127.0.0.1" in last.output:
            continue
        yield found(
            snapshot,
            container,
            checked(snapshot, container),
            written(snapshot, container, "healthcheck", "test"),
            message="The health check asks localhost and is refused on the IPv6 address ::1.",
            cause="The application listens on IPv4 only, and localhost means ::1 first.",
            fix="Ask 127.0.0.1 instead of localhost.",
            confidence="likely",
        )


@health_localhost_ipv6.fix
def ask_ipv4(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The same check with 127.0.0.1."""
    container = container_in(snapshot, finding)
    test = service_value(snapshot, container, "healthcheck", "test")
    if test is None:
        return None
    wanted = (
        test.replace("localhost", "127.0.0.1")
        if isinstance(test, str)
        else [str(word).replace("localhost", "127.0.0.1") for word in test]
    )
    return recreate(snapshot, finding, {("healthcheck", "test"): wanted}, "127.0.0.1 is where the application listens.")
