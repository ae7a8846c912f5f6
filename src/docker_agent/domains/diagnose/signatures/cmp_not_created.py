"""A service of the compose file has no container."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import start_service


@signature(code="cmp-not-created", area="process")
def cmp_not_created(snapshot: Snapshot) -> Iterator[Finding]:
    """A service has no container though others of its stack do: it was never started, or `up` broke off before it.

    A failed pull, a missing bind source or a name in use end `docker compose up` before the container is made; the
    engine remembers nothing of it. A container that was made and could not start is `exit-128-engine`.
    """
    if snapshot.stack is None or not snapshot.containers or snapshot.partial:
        return
    present = {container.service for container in snapshot.containers if container.project == snapshot.stack.name}
    for name, service in snapshot.stack.model.services.items():
        if name in present or service.profiles or service.replicas == 0 or not present:
            continue
        yield Finding(
            code="",
            severity=Severity.WARN,
            object=name,
            message="It has no container.",
            cause="It was added to the file and never started, or `docker compose up` broke off before it was made.",
            fix="Start it with `docker-agent stack up`: where it fails, the reason is said there.",
            confidence="possible",
            evidence=(Evidence(source="compose", where=str(service.place), quote=name),),
        )


@cmp_not_created.fix
def make_it(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Make and start it; where `up` breaks off again, its message names the cause."""
    why = f"Make and start {finding.object}, and what it depends on; containers that are there stay as they are."
    return start_service(snapshot, finding, finding.object, why)
