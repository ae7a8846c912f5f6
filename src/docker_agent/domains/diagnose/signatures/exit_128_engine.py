"""The engine could not start the container."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected
from docker_agent.domains.diagnose.snapshot import Snapshot


@signature(code="exit-128-engine", area="process")
def exit_128_engine(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine failed to start the container and says why in State.Error; it stays `created` for ever.

    128 is no signal, and restart policies never act on a failed start. General: a signature that knows the error comes
    before.
    """
    for container in snapshot.containers:
        if container.status != "created" or not container.error:
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            message="The engine could not start it.",
            cause="The error is the engine's own: a network, a device, a volume, a logging driver or the runtime.",
            fix="Correct what the error names, then start it; a restart policy does not act on a failed start.",
            confidence="likely",
        )
