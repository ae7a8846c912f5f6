"""The application listens on the container's own 127.0.0.1 only."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, written
from docker_agent.domains.diagnose.listeners import say_listeners, unheard
from docker_agent.domains.diagnose.snapshot import Snapshot


@signature(code="port-loopback-bound", area="network")
def port_loopback_bound(snapshot: Snapshot) -> Iterator[Finding]:
    """The application listens on the container's own 127.0.0.1 only.

    Published ports and other services arrive on another address of the container, so they are dropped, although the
    application says that it listens and a check inside the container is fine. Where nothing listens on the port at all,
    it is `port-nolisten`.
    """
    for container, port, fitting in unheard(snapshot):
        if fitting:
            yield found(
                snapshot,
                container,
                say_listeners(snapshot, container),
                written(snapshot, container, "command"),
                message=f"Port {port.container_port} is open on {fitting[0].ip} inside the container only, so "
                f"{port.host_port} of the host leads nowhere.",
                cause="The application binds to localhost, and that is the container's own.",
                fix="Let the application listen on 0.0.0.0 (its host or bind setting); the published address stays.",
            )
