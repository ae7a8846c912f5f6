"""The health check asks a port on which nothing listens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import checked, found, written
from docker_agent.domains.diagnose.listeners import say_listeners
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

ASKED = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1\]?)(?P<between>[: ]|\s+-p\s+)(?P<port>\d{2,5})\b")


@signature(code="health-wrong-port", area="health")
def health_wrong_port(snapshot: Snapshot) -> Iterator[Finding]:
    """The check asks the container itself on a port where nothing listens, while the application listens on another.

    Told by the sockets inside. Where nothing listens at all, the application is down or not yet up, and it is
    `health-unhealthy`.
    """
    for container in snapshot.containers:
        asked, heard = _asked(container), _heard(snapshot, container)
        if container.health != "unhealthy" or not asked or not heard or asked in heard:
            continue
        yield found(
            snapshot,
            container,
            checked(snapshot, container),
            say_listeners(snapshot, container),
            written(snapshot, container, "healthcheck", "test"),
            message=f"The health check asks port {asked}, where nothing listens.",
            cause=f"The application listens on {', '.join(str(port) for port in sorted(heard))}.",
            fix="Let the check ask the port on which the application listens.",
        )


@health_wrong_port.fix
def ask_right_port(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """The same check on the only port on which something listens."""
    container = container_in(snapshot, finding)
    asked, heard = _asked(container), _heard(snapshot, container)
    test = service_value(snapshot, container, "healthcheck", "test")
    if len(heard) != 1 or test is None:
        return None
    words = [test] if isinstance(test, str) else [str(word) for word in test]
    port = heard.pop()
    changed = [re.sub(rf"(?<![\d.]){asked}(?![\d.])", str(port), word) for word in words]
    why = f"{port} is the only port on which {container.service} listens."
    value = changed[0] if isinstance(test, str) else changed
    return recreate(snapshot, finding, {("healthcheck", "test"): value}, why)


def _asked(container: Container) -> int:
    """The one port of its own that the check asks, 0 where that is not clear."""
    ports = {int(match["port"]) for match in ASKED.finditer(" ".join(container.health_test))}
    return ports.pop() if len(ports) == 1 else 0


def _heard(snapshot: Snapshot, container: Container) -> set[int]:
    listeners = snapshot.listening.get(container.name, ())
    return {each.port for each in listeners if each.protocol == "tcp"}
