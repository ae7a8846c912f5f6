"""A job that ends well is started again for ever."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, happened, inspected, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.snapshot import Snapshot

ALWAYS = {"always", "unless-stopped"}


@signature(code="restart-loop-exit0", area="process")
def restart_loop_exit0(snapshot: Snapshot) -> Iterator[Finding]:
    """A one-shot job has a restart policy that also restarts after success.

    Told from `restart-loop` by exit code 0. A server that puts itself into the background looks the same: then the
    process must stay in the foreground instead.
    """
    for container in snapshot.containers:
        ending = snapshot.ending(container)
        looping = container.restart_count > 0 and (container.status == "restarting" or container.running)
        if not looping or ending is None or ending.code != 0 or ending.oom or container.restart_policy not in ALWAYS:
            continue
        if snapshot.recovered(container):
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "HostConfig.RestartPolicy", container.restart_policy),
            happened(snapshot, container, "die"),
            written(snapshot, container, "restart"),
            message="It ends with code 0 and is started again each time.",
            cause=f"restart: {container.restart_policy} is for servers; this one does its work and ends.",
            fix="Set restart: on-failure for a job; a server must stay in the foreground.",
            severity=Severity.ERROR,
        )


@restart_loop_exit0.fix
def restart_on_failure(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """`on-failure` lets a job end, and still tries again when it fails."""
    container = container_in(snapshot, finding)
    if service_value(snapshot, container, "restart") is None:
        return None
    why = "The job succeeds; on-failure starts it again only when it does not."
    return recreate(snapshot, finding, {("restart",): "on-failure"}, why)
