"""A container that ran before could not be started again."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected
from docker_agent.domains.diagnose.snapshot import Snapshot


@signature(code="start-err-on-old-container", area="process")
def start_err_on_old_container(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine could not start a container that ran before; its exit code is the one of the earlier run.

    State.Error is set while the status is `exited`, so the code must not be trusted. General: a signature that knows
    the error comes before.
    """
    for container in snapshot.containers:
        if container.status != "exited" or not container.error:
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            inspected(snapshot, container, "State.ExitCode", f"{container.exit_code} (of the earlier run)"),
            message="The engine could not start it again.",
            cause="The error is the engine's own; the exit code shown belongs to an earlier run.",
            fix="Correct what the error names, then start it; restart policies do not act on a failed start.",
            confidence="likely",
        )
