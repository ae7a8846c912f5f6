"""A child process was killed for memory while the main process lived on."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, happened, inspected, loops_for_memory, written
from docker_agent.domains.diagnose.mend import DEPLOY_MEMORY, raise_memory
from docker_agent.domains.diagnose.snapshot import Snapshot

OOM_CODE = 137


@signature(code="oom-child-exit0", area="resource")
def oom_child(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel killed a child process at the memory limit; the main process lived on.

    State.OOMKilled is true but the container runs, or ended with another code than 137: that would be `exit-137-oom`,
    as is one that was restarted and does not settle.
    """
    for container in snapshot.containers:
        ending = snapshot.ending(container)
        code = ending.code if ending else 0
        if not container.oom_killed or code == OOM_CODE or loops_for_memory(snapshot, container):
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.OOMKilled", f"true, exit code {code}, status {container.status}"),
            happened(snapshot, container, "oom"),
            written(snapshot, container, "mem_limit") or written(snapshot, container, *DEPLOY_MEMORY),
            message="A process inside was killed for memory, the main process was not.",
            cause="A child reached the memory limit; its work is lost though the container looks fine.",
            fix="Raise the memory limit or run fewer workers; the main process should fail when a child does.",
        )


@oom_child.fix
def raise_limit(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Four times the limit, at least 64 MiB and at most half of the host's memory."""
    return raise_memory(snapshot, finding)
