"""The plan of a deployment: its steps, its record, and the way back that is taken where anything does not hold."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan, Step
from docker_agent.domains.deploy.checks import ONE_OFF
from docker_agent.domains.deploy.environment import Setting
from docker_agent.domains.deploy.picture import Picture, image_of, run_gates
from docker_agent.domains.deploy.record import (
    DeployedService,
    DeployRecord,
    KeptFile,
    Ran,
    fits,
    has_finished,
    standing,
)
from docker_agent.domains.deploy.steps import Wish, image_steps, in_order, is_job, route_steps, service_steps
from docker_agent.domains.deploy.under_way import refuse_deploying
from docker_agent.domains.deploy.way_back import Goal, back_to, left_alone
from docker_agent.domains.stack import foreign
from docker_agent.host.models import Container
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.disk import HostDisk
from docker_agent.project.repository import commit_of, repository_root
from docker_agent.project.stack_inputs import inputs_of
from docker_agent.project.workspace import Workspace

VARIABLE = re.compile(r"\$\{?(\w+)")


def deploy_plan(ws: Workspace, setting: Setting, services: Sequence[str], wish: Wish) -> Plan:
    """The plan that brings these services, in their order, to what the files say."""
    stack = setting.stack
    ordered = in_order(setting, services)
    refuse_released(ws, ordered)
    refuse_deploying(ws)
    built = list(image_steps(ws, setting, ordered, wish))
    touched = {name for step in built for name in step.touches}
    found = run_gates(Picture(ws, setting, ordered))
    record = record_of(ws, setting, ordered, wish, unknown=touched)
    steps: list[Step] = list(built)
    for each in record.services:
        steps += service_steps(setting, each.service, each.after.image_id, wish)
    steps += route_steps(ws, setting, ordered)
    goal = Goal({each.service: each for each in record.services}, _last(ws, record))
    return Plan(
        title=f"Deploy {', '.join(ordered)} ({setting.environment})",
        steps=tuple(steps),
        rollback=back_to(ws, setting, goal),
        project=stack.name,
        reason=(
            "One service after the other is made new where it changed, each after all that it needs, and has to be "
            "healthy before the next. Where anything does not hold, all goes back to what runs now, by itself."
        ),
        remarks=(*(said(each) for each in found), *left_alone(ws, setting, goal)),
        foreign=foreign(ws, [each for each in ws.host.containers(stack.name) if each.service in ordered]),
        inputs=inputs_of(stack, ws.host.read_file),
        record=record.model_dump(mode="json"),
    )


def refuse_released(ws: Workspace, services: Sequence[str]) -> None:
    """Stop where a release of one of the services is under way: its proxy names containers that would be replaced.

    Raises
    ------
    InputError: one is.
    """
    for entry in ws.history():
        service = entry.plan.record.get("service", "")
        if entry.plan.record.get("kind") == "release" and not entry.undoes and entry.unended and service in services:
            raise InputError(
                f"A release of {service} is under way (entry {entry.id}, {entry.unended}).",
                f"Let it end, or take it back: docker-agent release abort {service}.",
            )


def said(finding: Finding) -> str:
    """A finding in a line, for a plan."""
    where = finding.evidence[0].where if finding.evidence else finding.object
    return f"{finding.severity.value} {finding.code} at {where}: {finding.message} {finding.fix}".rstrip()


def record_of(
    ws: Workspace, setting: Setting, services: Sequence[str], wish: Wish, *, unknown: set[str], goes_back_to: str = ""
) -> DeployRecord:
    """What is remembered of a deployment.

    Parameters
    ----------
    unknown: images that are built or pulled, as `image:NAME`, whose ids nobody knows yet.
    """
    stack = setting.stack
    disk = HostDisk(ws.host)
    repository = repository_root(disk, ws.root)
    return DeployRecord(
        environment=setting.environment,
        project=stack.name,
        services=tuple(_service(ws, setting, name, wish, unknown) for name in services),
        files=tuple(_files(ws, setting)),
        options=setting.options,
        variables=tuple(sorted(stack.variables)),
        image_variables=_image_variables(setting),
        commit=commit_of(disk, repository) if repository else "",
        goes_back_to=goes_back_to,
    )


def _last(ws: Workspace, now: DeployRecord) -> DeployRecord | None:
    """The deployment that holds now; None where the containers run something else meanwhile."""
    held = [record for entry, record in standing(ws) if entry.status == "applied"]
    return held[-1] if held and fits(held[-1], now.services) else None


def _service(ws: Workspace, setting: Setting, name: str, wish: Wish, unknown: set[str]) -> DeployedService:
    there = [
        each
        for each in ws.host.containers(setting.stack.name)
        if each.service == name and each.labels.get(ONE_OFF, "").lower() != "true"
    ]
    image = image_of(setting, setting.stack.model.services[name])
    after = Ran(image=image) if f"image:{image}" in unknown else _ran(ws, image, image)
    running = [each for each in there if each.running]
    first: Container | None = next(iter(running or there), None)
    return DeployedService(
        service=name,
        state="running" if running else "stopped" if there else "absent",
        before=_ran(ws, first.image, first.image_id) if first else Ran(),
        after=after,
        job=is_job(setting, name) or name in wish.migrate,
        finished=bool(there) and all(has_finished(each) for each in there),
    )


def _ran(ws: Workspace, name: str, wanted: str) -> Ran:
    try:
        image = ws.host.image(wanted)
    except AgentError:
        return Ran(image=name, image_id=wanted if wanted.startswith("sha256:") else "")
    return Ran(image=name, image_id=image.id, digest=next(iter(image.digests), ""))


def _files(ws: Workspace, setting: Setting) -> Iterator[KeptFile]:
    stack = setting.stack
    for source in stack.model.sources.values():
        text = source.data.decode("utf-8", "surrogateescape")
        yield KeptFile(path=_path(ws, source.path), sha256=hashlib.sha256(source.data).hexdigest(), text=text)
    others = [stack.model.resolve(name) for each in stack.model.services.values() for name in each.env_files]
    for path in dict.fromkeys((*stack.dotenv, *others)):
        try:
            data = ws.host.read_file(path)
        except InputError:
            continue
        yield KeptFile(path=_path(ws, path), sha256=hashlib.sha256(data).hexdigest())


def _path(ws: Workspace, path: Path) -> str:
    return os.path.relpath(path, ws.root).replace(os.sep, "/")


def _image_variables(setting: Setting) -> dict[str, str]:
    """The values that `.env` files give to variables in names of images."""
    stack = setting.stack
    nodes = (service.raw.get("image") for service in stack.model.services.values())
    names = {name for node in nodes if isinstance(node, Scalar) for name in VARIABLE.findall(node.written)}
    return {name: stack.variables[name] for name in sorted(names) if name in stack.variables}
