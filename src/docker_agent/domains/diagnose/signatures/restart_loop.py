"""The container starts and dies again and again."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, happened, inspected, last_line, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot


@signature(code="restart-loop", area="process")
def restart_loop(snapshot: Snapshot) -> Iterator[Finding]:
    """The restart policy starts the container again and again, and it dies each time.

    The wait between starts doubles from 0.1 s to a minute. General: a signature that knows why it dies comes before.
    `restart-loop-exit0` is a job that ends well and is started again.
    """
    for container in snapshot.containers:
        ending = snapshot.ending(container)
        looping = container.status == "restarting" or (container.running and snapshot.broken(container))
        if not looping or not container.restart_count or (ending is not None and ending.code == 0):
            continue
        code = f"exit code {ending.code}" if ending is not None else "an exit code that the engine no longer knows"
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "RestartCount", container.restart_count),
            happened(snapshot, container, "die"),
            logged(snapshot, container, last_line(snapshot, container)),
            written(snapshot, container, "restart"),
            message=f"It crashes in a loop with {code}.",
            cause="The process dies soon after each start; the code and the last line of the log are of the last run.",
            fix="Read the log of the last run; restart: on-failure:5 keeps such a loop from running for ever.",
            confidence="possible",
        )
