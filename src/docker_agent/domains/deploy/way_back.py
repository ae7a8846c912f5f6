"""From any point of a deployment back to what ran before: files, tags, containers; each may be done already."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.plan import Argv, Engine, Step, Write
from docker_agent.domains.deploy.environment import Setting
from docker_agent.domains.deploy.record import DeployedService, DeployRecord
from docker_agent.domains.deploy.steps import in_order, runs, settle, up
from docker_agent.domains.stack import wait_for
from docker_agent.host.plan_files import inside
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.edit.values import Edit, apply_edits, set_service_value
from docker_agent.project.workspace import Workspace

WAIT_S = 120.0


@dataclass(frozen=True)
class Goal:
    """What is gone back to.

    Attributes
    ----------
    services: what each ran, by name.
    record: the deployment whose files are wanted; None where there was none, and the files only get the old images.
    """

    services: Mapping[str, DeployedService]
    record: DeployRecord | None


def back_to(ws: Workspace, setting: Setting, goal: Goal) -> tuple[Step, ...]:
    """The steps that lead to a goal; a service that was not there is removed, its volumes stay."""
    absent = [each.service for each in goal.services.values() if each.state == "absent"]
    present = [each for each in goal.services.values() if each.state != "absent" and not each.job]
    files = texts_before(ws, setting, goal)
    ordered = in_order(setting, [each.service for each in present])
    names = (*ordered, *(each.service for each in present if each.service not in ordered))
    steps: list[Step] = [_write(ws, path, text) for path, text in files.items()]
    steps += [_removal(setting, tuple(reversed(in_order(setting, absent))))] if absent else []
    steps += {step.why: step for each in present for step in _tags(each)}.values()
    options = goal.record.options if goal.record else setting.options
    for name in names:
        steps += _again(setting, goal.services[name], options)
    return tuple(steps)


def texts_before(ws: Workspace, setting: Setting, goal: Goal) -> dict[str, str]:
    """The files of the project that have to be written to go back, with the text that each had, by path."""
    return {path: text for path, text in _changed(ws, setting, goal).items() if _is_inside(ws, path)}


def left_alone(ws: Workspace, setting: Setting, goal: Goal) -> tuple[str, ...]:
    """A sentence for each file that differs from what it was, but that going back may not write."""
    return tuple(
        f"{path} is outside the project: going back leaves it as it is now, and does not take back what changed there."
        for path in _changed(ws, setting, goal)
        if not _is_inside(ws, path)
    )


def missing_images(ws: Workspace, goal: Goal) -> list[str]:
    """A sentence for each image that would be needed and is gone."""
    gone: list[str] = []
    for each in goal.services.values():
        if each.state == "absent" or each.job or not each.before.image_id:
            continue
        try:
            ws.host.image(each.before.image_id)
        except AgentError:
            gone.append(f"{each.before.image} ({each.before.image_id[:19]}) of {each.service}")
    return gone


def _changed(ws: Workspace, setting: Setting, goal: Goal) -> dict[str, str]:
    wanted = _texts_of(ws, goal.record) if goal.record else _with_old_images(setting, goal.services)
    return {path: text for path, text in wanted.items() if _text_now(ws, path) != text}


def _is_inside(ws: Workspace, path: str) -> bool:
    try:
        inside(ws.root, path)
    except InputError:
        return False
    return True


def _texts_of(ws: Workspace, record: DeployRecord) -> dict[str, str]:
    texts = {each.path: each.text for each in record.files if each.text is not None}
    for each in record.files:
        if each.text is None and each.path.rpartition("/")[2].startswith(".env"):
            now = _text_now(ws, each.path)
            if now is not None:
                texts[each.path] = _with_values(now, record.image_variables)
    return texts


def _with_values(text: str, values: Mapping[str, str]) -> str:
    """A `.env` text in which these variables have these values; all others stay as they are."""
    for name, value in values.items():
        line = re.compile(rf"(?m)^(?P<head>\s*(?:export\s+)?{re.escape(name)}\s*=[ \t]*[\"']?)(?P<value>[^\s#\"']*)")
        text = line.sub(lambda found, value=value: f"{found['head']}{value}", text)
    return text


def _with_old_images(setting: Setting, services: Mapping[str, DeployedService]) -> dict[str, str]:
    """The compose files as they are, with the image that each service ran; no older text was kept."""
    model = setting.stack.model
    edits: list[Edit] = []
    for name, each in services.items():
        service = model.services.get(name)
        node = service.raw.get("image") if service else None
        if (
            service
            and isinstance(node, Scalar)
            and each.state != "absent"
            and each.before.image not in {"", service.image}
        ):
            edits += set_service_value(model, name, ("image",), each.before.image)
    texts: dict[str, str] = {}
    for file in {edit.file for edit in edits}:
        source = model.sources[file]
        mark = "\ufeff" if source.data.startswith(b"\xef\xbb\xbf") else ""
        texts[file] = mark + apply_edits(source.text, [edit for edit in edits if edit.file == file])
    return texts


def _text_now(ws: Workspace, path: str) -> str | None:
    try:
        return ws.host.read_file(ws.root / path).decode("utf-8", "surrogateescape")
    except InputError:
        return None


def _write(ws: Workspace, path: str, text: str) -> Write:
    now = _text_now(ws, path)
    return Write(
        path=path,
        content=text,
        before="" if now is None else sha(now),
        or_before=(sha(text),),
        why=f"{path} as it was.",
        touches=(f"file:{path}",),
    )


def _removal(setting: Setting, services: Sequence[str]) -> Argv:
    """Remove what was not there; asked by the project's name, so that it does not matter what the files say now."""
    return Argv(
        why=f"Remove {', '.join(services)}, which was not there before; volumes are kept.",
        touches=tuple(services),
        argv=("docker", "compose", "-p", setting.stack.name, "rm", "--stop", "--force", *services),
        cwd=str(setting.stack.directory),
    )


def _tags(each: DeployedService) -> Iterator[Engine]:
    """The tag that leads to the old image again; a name with a digest or an id cannot lead elsewhere."""
    name, old = each.before.image, each.before.image_id
    if not name or not old or "@" in name or name.startswith("sha256:"):
        return
    tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    yield Engine(
        why=f"{tagged} is {old[:19]} again.",
        touches=(f"image:{tagged}",),
        action="image_tag",
        target=old,
        args={"name": tagged},
    )


def _again(setting: Setting, each: DeployedService, options: Sequence[str]) -> Iterator[Step]:
    """One service as it was; one that was stopped is not started for it, so that what it did once is not done again."""
    name, stack = each.service, setting.stack
    yield up(replace(setting, options=tuple(options)), name, f"{name} as it was.", start=each.state == "running")
    if each.state == "stopped":
        yield Argv(
            why=f"{name} was stopped.",
            touches=(name,),
            argv=("docker", "compose", *options, "stop", name),
            cwd=str(stack.directory),
        )
        return
    yield wait_for(stack, name) if name in stack.model.services else settle(stack.name, name, WAIT_S)
    if each.before.image_id:
        yield runs(stack.name, name, each.before.image_id)


def sha(text: str) -> str:
    """SHA-256 of a text as it is written to a file."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
