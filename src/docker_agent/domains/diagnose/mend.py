"""Plans that mend: change values in the compose file, make the service new, and prove that it is well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Argv, Engine, Observe, Plan, Step
from docker_agent.domains.diagnose.evidence import label
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.stack import wait_for
from docker_agent.host.models import Container
from docker_agent.project.edit.render import Value
from docker_agent.project.edit.steps import write_step
from docker_agent.project.edit.values import KeyPath, set_service_value
from docker_agent.project.stack import compose_argv

UNITS = ((2**30, "g"), (2**20, "m"), (2**10, "k"))
HTTP = re.compile(r"http://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(?P<port>\d{1,5}))?(?P<path>/[\w./?=&%-]*)?")
BUSYBOX_SHELL = re.compile(r"^/bin/sh: [\w./+-]+: not found", re.MULTILINE)


def container_in(snapshot: Snapshot, finding: Finding) -> Container:
    """The container that a finding is about.

    Raises
    ------
    InputError: it is gone since.
    """
    for container in snapshot.containers:
        if finding.object in {label(snapshot, container), container.name}:
            return container
    raise InputError(f"{finding.object} is not there any more.", "Diagnose again.")


def service_value(snapshot: Snapshot, container: Container, *path: str | int) -> Any:
    """What the compose file says for a container's service at a path, None where it says nothing."""
    if snapshot.model is None or not snapshot.owns_file_of(container):
        return None
    return snapshot.model.value(("services", container.service, *path))


def say_size(count: int) -> str:
    """Bytes as Compose reads them, in the largest whole unit: 64m, 1g."""
    return next((f"{count // size}{unit}" for size, unit in UNITS if count >= size and count % size == 0), f"{count}b")


def recreate(
    snapshot: Snapshot,
    finding: Finding,
    values: Mapping[KeyPath, Value],
    why: str,
    *,
    watch_s: float = 0.0,
) -> Plan | None:
    """Set values of a service in the compose file, make its containers new, and wait until they are well.

    Parameters
    ----------
    values: what to set, by path below the service.
    watch_s: how long to watch afterwards that it does not die again, seconds.

    Returns None where the container was not made from the compose file of this folder.
    """
    container = container_in(snapshot, finding)
    stack = snapshot.stack
    if stack is None or not snapshot.owns_file_of(container):
        return None
    service = container.service
    edits = [edit for path, value in values.items() for edit in set_service_value(stack.model, service, path, value)]
    if not edits:
        return None
    up = compose_argv(stack, "up", "-d", "--no-deps", service)
    same = Argv(why=f"Make {service} as it was before.", touches=(service,), argv=up, cwd=str(stack.directory))
    steps: list[Step] = [
        write_step(stack.root, stack.model, edits, why),
        Argv(
            why=f"Make {service} new with the changed file; its volumes are kept.",
            touches=(service,),
            argv=up,
            cwd=str(stack.directory),
            undo=same,
        ),
        wait_for(stack, service),
    ]
    if watch_s:
        watched = f"{service} must stay up: it died before."
        steps.append(Observe(why=watched, target=service, project=stack.name, seconds=watch_s))
    said = ", ".join(f"{'.'.join(str(part) for part in path)}" for path in values)
    return Plan(
        title=f"Change {said} of {service} and make it new",
        steps=tuple(steps),
        project=stack.name,
        reason=finding.message,
        findings=(finding.identity,),
        foreign=tuple(each.name for each in snapshot.others if (each.project, each.service) == (stack.name, service)),
    )


def unpause(snapshot: Snapshot, finding: Finding) -> Plan:
    """Let a paused container go on."""
    container = container_in(snapshot, finding)
    step = Engine(
        why="Let its processes go on; nothing is lost.",
        touches=(container.name,),
        action="container_unpause",
        target=container.name,
    )
    watch = Observe(why="It should run now.", target=container.name, project=container.project, seconds=2.0)
    return Plan(
        title=f"Unpause {container.name}",
        steps=(step, watch),
        project=snapshot.project,
        reason=finding.message,
        findings=(finding.identity,),
    )


def replace_check(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Ask the same URL with nc instead of a tool that is missing.

    Only where the output of the failed check proves a BusyBox shell (it words `not found` in its own way), which comes
    with nc, and where the check is one plain request to the container itself.
    """
    container = container_in(snapshot, finding)
    output = container.health_log[-1].output if container.health_log else ""
    asked = [*HTTP.finditer(" ".join(container.health_test))]
    if not BUSYBOX_SHELL.search(output) or len(asked) != 1:
        return None
    port, path = asked[0]["port"] or "80", asked[0]["path"] or "/"
    request = f"printf '%s\\r\\n\\r\\n' 'GET {path} HTTP/1.0' | nc -w 3 127.0.0.1 {port} | grep -q '^HTTP/1.. [23]'"
    why = f"BusyBox has nc: the same request to port {port}, and an answer of 200 to 399 counts."
    return recreate(snapshot, finding, {("healthcheck", "test"): ["CMD-SHELL", request]}, why)
