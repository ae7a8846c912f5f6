"""Plans that mend: change values in the compose file, make the service new, and prove that it is well."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Argv, Engine, Observe, Plan, Step, Write
from docker_agent.domains.diagnose.evidence import label
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.stack import wait_for
from docker_agent.host.models import Container
from docker_agent.project.edit.render import Value
from docker_agent.project.edit.steps import write_step
from docker_agent.project.edit.values import KeyPath, remove_service_key, set_service_value
from docker_agent.project.stack import compose_argv

DEPLOY_MEMORY = ("deploy", "resources", "limits", "memory")
MORE_MEMORY = 4
SMALLEST_MEMORY = 64 * 2**20
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
    without: Sequence[tuple[str, ...]] = (),
    watch_s: float = 0.0,
) -> Plan | None:
    """Set values of a service in the compose file, make its containers new, and wait until they are well.

    Parameters
    ----------
    values: what to set, by path below the service.
    without: keys to take out, by path below the service.
    watch_s: how long to watch afterwards that it does not die again, seconds.

    Returns None where the container was not made from the compose file of this folder.
    """
    container = container_in(snapshot, finding)
    stack = snapshot.stack
    if stack is None or not snapshot.owns_file_of(container):
        return None
    service = container.service
    edits = [edit for path, value in values.items() for edit in set_service_value(stack.model, service, path, value)]
    edits += [edit for path in without for edit in remove_service_key(stack.model, service, path)]
    if not edits:
        return None
    said = ", ".join(".".join(str(part) for part in path) for path in (*values, *without))
    changed = write_step(stack.root, stack.model, edits, why)
    return _renewed(snapshot, finding, changed, f"Change {said} of {service} and make it new", watch_s=watch_s)


def rewrite(snapshot: Snapshot, finding: Finding, path: Path, text: str, why: str, *, mode: int) -> Plan | None:
    """Give a file that a container has mounted another text or other permissions, and make the container new.

    Returns None where the container was not made from the compose file of this folder, or the file is outside of it.
    """
    stack = snapshot.stack
    container = container_in(snapshot, finding)
    if stack is None or stack.model.disk is None or not snapshot.owns_file_of(container):
        return None
    name = path.relative_to(stack.root).as_posix()
    before = hashlib.sha256(stack.model.disk.read(path)).hexdigest()
    step = Write(path=name, content=text, before=before, mode=mode, why=why, touches=(f"file:{name}",))
    return _renewed(
        snapshot, finding, step, f"Correct {name} and make {container.service} new", watch_s=3.0, force=True
    )


def _renewed(
    snapshot: Snapshot, finding: Finding, changed: Write, title: str, *, watch_s: float, force: bool = False
) -> Plan | None:
    """Write a file, make the containers of the finding's service new, and start those that waited for it."""
    stack, service = snapshot.stack, container_in(snapshot, finding).service
    if stack is None:
        return None
    up = compose_argv(stack, "up", "-d", "--no-deps", *(["--force-recreate"] if force else []), service)
    same = Argv(why=f"Make {service} as it was before.", touches=(service,), argv=up, cwd=str(stack.directory))
    steps: list[Step] = [
        changed,
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
    if waiting := waiting_for(snapshot, service):
        start = Argv(
            why=f"Start what waited for {service} and was never started: {', '.join(waiting)}.",
            touches=waiting,
            argv=compose_argv(stack, "up", "-d", "--no-recreate", *waiting),
            cwd=str(stack.directory),
        )
        steps += [start, *(wait_for(stack, name) for name in waiting)]
    return Plan(
        title=title,
        steps=tuple(steps),
        project=stack.name,
        reason=finding.message,
        findings=(finding.identity,),
        foreign=tuple(each.name for each in snapshot.others if (each.project, each.service) == (stack.name, service)),
    )


def waiting_for(snapshot: Snapshot, service: str) -> tuple[str, ...]:
    """Services that were made and never started because this one was not well, and that nothing else holds back."""
    if snapshot.model is None:
        return ()
    created = {each.service for each in snapshot.containers if each.status == "created" and not each.error}
    ready = {each.service for each in snapshot.containers if not snapshot.broken(each)} - created
    needs = {
        name: {each.service for each in described.depends_on}
        for name, described in snapshot.model.services.items()
        if name in created
    }
    found: list[str] = []
    while True:
        after = {service, *found}
        more = [name for name, on in needs.items() if name not in after and on & after and on <= after | ready]
        if not more:
            return tuple(found)
        found += sorted(more)


def raise_memory(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Four times the memory limit, at least 64 MiB and at most half of the host's memory."""
    container = container_in(snapshot, finding)
    limit = container.memory_limit
    host = snapshot.engine.memory if snapshot.engine else 0
    wanted = max(MORE_MEMORY * limit, SMALLEST_MEMORY)
    if host:
        wanted = min(wanted, host // 2)
    if not limit or wanted <= limit:
        return None
    path = ("mem_limit",) if service_value(snapshot, container, "mem_limit") else DEPLOY_MEMORY
    if service_value(snapshot, container, *path) is None:
        return None
    values: dict[KeyPath, Value] = {path: say_size(wanted)}
    if service_value(snapshot, container, "memswap_limit") and 0 < container.memory_swap < wanted:
        values["memswap_limit",] = say_size(wanted)
    why = (
        f"It was killed at {say_size(limit)}; how much it needs is not known, so this gives {say_size(wanted)}. "
        "Measure with stack_top afterwards and lower it."
    )
    return recreate(snapshot, finding, values, why, watch_s=5.0)


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
