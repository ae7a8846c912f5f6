"""Services that were never started, because one that they depend on is not as they ask."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, inspected, label, written
from docker_agent.domains.diagnose.mend import container_in, recreate
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container
from docker_agent.project.compose.types import Dependency
from docker_agent.project.edit.render import Value
from docker_agent.project.edit.values import KeyPath

FAILED = r"(?:dependency failed to start: |^[ \t]*)container "
UNHEALTHY = re.compile(FAILED + r"(?P<name>\S+) is unhealthy\s*$", re.MULTILINE)
NO_CHECK = re.compile(r"container (?P<name>\S+) has no healthcheck configured")
EXITED = re.compile(
    r"dependency failed to start: container (?P<name>\S+) exited \((?P<code>\d+)\)"
    r"|^[ \t]*container (?P<waited>\S+) exited \((?P<waited_code>[1-9]\d*)\)\s*$",
    re.MULTILINE,
)
JOB = re.compile(r"service \"(?P<name>[^\"]+)\" didn't complete successfully: exit (?P<code>\d+)")
FINISHED = re.compile(r"^[ \t]*container (?P<name>\S+) exited \(0\)\s*$", re.MULTILINE)
COMPLETED = "service_completed_successfully"
HEALTHY = "service_healthy"
STARTED = "service_started"


@signature(code="cmp-dep-unhealthy", area="compose")
def cmp_dep_unhealthy(snapshot: Snapshot) -> Iterator[Finding]:
    """A container was made but never started, because a service that it depends on is unhealthy or not there.

    A consequence, not a cause: the other service is what to mend. With State.Error set the engine itself failed; a
    dependency that ended is `cmp-dep-exited`, one that cannot become healthy is `cmp-dep-nohealth`.

    Seen
    ----
        dependency failed to start: container shop-db-1 is unhealthy
        container shop-web-1 is unhealthy
    """
    for container, dependency, other in _waiting(snapshot):
        if other is None or (snapshot.broken(other) and other.status not in {"exited", "dead"}):
            state = f"{other.status} {other.health}".strip() if other else "not there"
            yield _waits(snapshot, container, dependency, other, f"which is {state}")
    for said in spoken(snapshot, UNHEALTHY):
        name = _named(snapshot, said.match["name"])
        yield said.found(
            message=f"{name} is unhealthy, so what waits for it was not started.",
            cause="Its health check fails, or did not succeed in time.",
            fix=f"Look at what its check says (docker inspect, State.Health.Log) and at its log; mend {name}, then up.",
            about=name,
        )


@signature(code="cmp-dep-nohealth", area="compose")
def cmp_dep_nohealth(snapshot: Snapshot) -> Iterator[Finding]:
    """A container was never started, because it waits for the health of a service that has no health check.

    The other service may run well: without a check it never becomes healthy, and Compose gives up at once.

    Seen
    ----
        dependency failed to start: container shop-db-1 has no healthcheck configured
    """
    fix = "Give {} a healthcheck, or wait with condition: service_started."
    for container, dependency, other in _waiting(snapshot):
        runs = other is not None and other.running and not snapshot.broken(other)
        if other and runs and not other.health and dependency.condition == HEALTHY:
            yield _waits(snapshot, container, dependency, other, "which has no health check", fix)
    for said in spoken(snapshot, NO_CHECK):
        name = _named(snapshot, said.match["name"])
        yield said.found(
            message=f"A service waits for the health of {name}, which has no health check.",
            cause="depends_on says condition: service_healthy, and neither the image nor the file has a check.",
            fix=fix.format(name),
            about=name,
        )


@cmp_dep_nohealth.fix
def wait_for_start(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Wait for the start of a service whose health nobody checks."""
    container = container_in(snapshot, finding)
    unchecked = [
        dependency.service
        for waiting, dependency, other in _waiting(snapshot)
        if waiting is container and dependency.condition == HEALTHY and other and other.running and not other.health
    ]
    values: dict[KeyPath, Value] = {("depends_on", name, "condition"): STARTED for name in unchecked}
    why = f"{', '.join(unchecked)} has no health check, so that only its start can be waited for."
    return recreate(snapshot, finding, values, why) if unchecked else None


@signature(code="cmp-dep-exited", area="compose")
def cmp_dep_exited(snapshot: Snapshot) -> Iterator[Finding]:
    """A container was never started, because a service that it depends on ended.

    What the other one wrote last has the cause. A job that had to succeed first is `cmp-job-failed`; one that ended
    well and only `up --wait` complains of is `cmp-wait-exit0`.

    Seen
    ----
        dependency failed to start: container shop-db-1 exited (3)
        container shop-web-1 exited (1)
    """
    for container, dependency, other in _waiting(snapshot):
        if other and other.status in {"exited", "dead"} and dependency.condition != COMPLETED:
            yield _waits(snapshot, container, dependency, other, f"which ended with code {other.exit_code}")
    for said in spoken(snapshot, EXITED):
        name = _named(snapshot, said.match["name"] or said.match["waited"])
        code = said.match["code"] or said.match["waited_code"]
        yield said.found(
            message=f"{name} ended with code {code} while others waited for it.",
            cause="Its main process failed, or has nothing more to do.",
            fix=f"Read the log of {name} and mend it; a service that is to end needs condition: {COMPLETED}.",
            about=name,
        )


@signature(code="cmp-job-failed", area="compose")
def cmp_job_failed(snapshot: Snapshot) -> Iterator[Finding]:
    """A container was never started, because the job that has to succeed before it failed.

    Told by the condition service_completed_successfully; a service that was to stay up is `cmp-dep-exited`.

    Seen
    ----
        service "migrate" didn't complete successfully: exit 3
    """
    for container, dependency, other in _waiting(snapshot):
        if other and other.status == "exited" and dependency.condition == COMPLETED and other.exit_code:
            yield _waits(snapshot, container, dependency, other, f"a job that failed with code {other.exit_code}")
    for said in spoken(snapshot, JOB):
        name = said.match["name"]
        yield said.found(
            message=f"The job {name} failed with code {said.match['code']}, so what needs it was not started.",
            cause="Its command failed; the last lines of its log say why.",
            fix=f"Read `docker compose logs {name}`, mend it, then `docker compose up -d` again.",
            about=name,
        )


@signature(code="cmp-wait-exit0", area="compose")
def cmp_wait_exit0(snapshot: Snapshot) -> Iterator[Finding]:
    """`docker compose up --wait` counts a job that ended well as a failure.

    The code is 0, so nothing is broken: `--wait` wants every service to stay up. Any other code is `cmp-dep-exited`.

    Seen
    ----
        container shop-migrate-1 exited (0)
    """
    for said in spoken(snapshot, FINISHED):
        name = _named(snapshot, said.match["name"])
        yield said.found(
            message=f"{name} did its work and ended, which `--wait` takes for a failure.",
            cause="`up --wait` waits until every service runs or is healthy; a job that ends never is.",
            fix=f"Name the services to wait for, without {name}, or let one depend on it: condition: {COMPLETED}.",
            about=name,
            severity=Severity.WARN,
        )


def _waiting(snapshot: Snapshot) -> Iterator[tuple[Container, Dependency, Container | None]]:
    """Containers that were made and not started, with each service that they depend on and its container."""
    if snapshot.model is None:
        return
    services = snapshot.model.services
    by_service = {each.service: each for each in snapshot.containers}
    for container in snapshot.containers:
        if container.status == "created" and not container.error and container.service in services:
            for dependency in services[container.service].depends_on:
                yield container, dependency, by_service.get(dependency.service)


def _waits(
    snapshot: Snapshot,
    container: Container,
    dependency: Dependency,
    other: Container | None,
    state: str,
    fix: str = "Mend {} first, then start this one.",
) -> Finding:
    return found(
        snapshot,
        container,
        inspected(snapshot, container, "State.Status", "created, never started"),
        inspected(snapshot, other, "State.Status", f"{other.status} {other.health}".strip()) if other else None,
        written(snapshot, container, "depends_on"),
        message=f"It waits for {dependency.service}, {state}.",
        cause=f"depends_on asks for {dependency.condition} of {dependency.service}.",
        fix=fix.format(dependency.service),
        confidence="likely",
        severity=Severity.ERROR,
    )


def _named(snapshot: Snapshot, name: str) -> str:
    """What a container is called in findings, where it is one of these."""
    return next((label(snapshot, each) for each in snapshot.containers if each.name == name), name)
