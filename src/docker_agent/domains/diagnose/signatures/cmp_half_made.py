"""A container was made and never started, or is half replaced, because `docker compose up` was broken off."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Argv, Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.snapshot import SETTLED_S, Snapshot, seconds_of
from docker_agent.domains.stack import wait_for
from docker_agent.host.models import Container
from docker_agent.project.stack import compose_argv


@signature(code="cmp-half-made", area="compose")
def cmp_half_made(snapshot: Snapshot) -> Iterator[Finding]:
    """`docker compose up` was broken off: a container was made and never started, or replaced only half.

    Of a container and its successor one is called `1f0c2b3a4d5e_shop-web-1` for the moment; after Ctrl-C it keeps that
    name, both are there, and none runs. With State.Error set the engine could not start it; one that waits for the health or the end of another
    service is `cmp-dep-unhealthy` or `cmp-dep-exited`; where nothing of the stack was started it was only created.
    """
    told = set[str]()
    for container in sorted(snapshot.containers, key=lambda each: each.status != "created"):
        half = snapshot.half_replaced(container)
        made = half or _is_unstarted(snapshot, container)
        if container.service in told or not made or not _is_wanted(snapshot, container):
            continue
        told.add(container.service)
        runs = any(each.running for each in snapshot.containers if each.service == container.service)
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "Name", container.name),
            inspected(snapshot, container, "State.Status", container.status),
            message="It is half replaced: an old and a new container are there."
            if half
            else "It was made and never started, and nothing keeps it from starting.",
            cause="`docker compose up` was broken off, or this one was only created (`docker compose create`).",
            fix=f"Let Compose finish: docker compose up -d {container.service}.",
            confidence="likely",
            severity=Severity.WARN if runs else Severity.ERROR,
        )


@cmp_half_made.fix
def finish(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Let Compose finish what was broken off, and wait until the service is well."""
    container, stack = container_in(snapshot, finding), snapshot.stack
    if stack is None:
        return None
    service = container.service
    step = Argv(
        why=f"Compose starts {service}, and puts away what was left from its replacement; its volumes are kept.",
        touches=(service,),
        argv=compose_argv(stack, "up", "-d", "--no-deps", service),
        cwd=str(stack.directory),
    )
    return Plan(
        title=f"Finish the start of {service}",
        steps=(step, wait_for(stack, service)),
        project=stack.name,
        reason=finding.message,
        findings=(finding.identity,),
    )


def _is_wanted(snapshot: Snapshot, container: Container) -> bool:
    """Whether the compose file wants its service to run, and it is old enough not to be in the making just now."""
    if snapshot.model is None or not snapshot.owns_file_of(container):
        return False
    service = snapshot.model.services[container.service]
    made = seconds_of(container.created_at)
    return bool(made) and snapshot.taken_at - made > SETTLED_S and service.replicas != 0 and not service.profiles


def _is_unstarted(snapshot: Snapshot, container: Container) -> bool:
    """Whether it was made and not started, though others of the stack were, and has no other one to wait for."""
    if snapshot.model is None or container.status != "created" or container.error:
        return False
    running = {each.service for each in snapshot.containers if each.running}
    begun = any(each.status != "created" for each in snapshot.containers if each.project == container.project)
    needs = snapshot.model.services[container.service].depends_on
    return begun and all(each.condition == "service_started" and each.service in running for each in needs)
