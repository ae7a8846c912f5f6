"""What a plan touches outside the project, found from its steps and not from what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from docker_agent.core.errors import InputError
from docker_agent.core.plan import KNOWN_PROGRAMS, Argv, Engine, Plan, Write
from docker_agent.core.secret import MASK
from docker_agent.host.compose_cli import global_options
from docker_agent.host.models import Network, Volume
from docker_agent.project.workspace import Workspace, is_within

PROJECT_LABEL = "com.docker.compose.project"
FILE_FLAGS = ("-f", "--file", "--project-directory")
PROJECT_FLAGS = ("-p", "--project-name")


def foreign_objects(workspace: Workspace, plan: Plan, *, tainted: bool) -> tuple[str, ...]:
    """The objects that want an own yes: those the plan declares, and those that its steps reach.

    A secret that would be written out (other than to an env file) after untrusted text was read counts too: no text
    that somebody else wrote may get a secret placed without a person.
    """
    found = list(plan.foreign)
    for step in (*plan.steps, *plan.rollback):
        match step:
            case Engine():
                found += _of_engine(workspace, step)
            case Argv():
                found += _of_program(workspace, step)
            case Write() if tainted and MASK.search(step.content) and not _is_env_file(step.path):
                found.append(f"a secret in {step.path}")
            case _:
                pass
    return tuple(dict.fromkeys(found))


def _of_engine(workspace: Workspace, step: Engine) -> Iterator[str]:
    noun = step.action.partition("_")[0]
    names = [step.target] if noun == "container" else []
    names += [str(step.args["container"])] if "container" in step.args else []
    for name in names:
        try:
            container = workspace.host.container(name)
        except InputError:
            continue
        if not workspace.owns_container(container):
            yield f"container:{container.name}"
    objects: list[Volume] | list[Network] = []
    if noun == "volume":
        objects = workspace.host.volumes()
    elif noun == "network":
        objects = workspace.host.networks()
    for each in objects:
        if each.name == step.target and not workspace.owns(each.labels.get(PROJECT_LABEL, "")):
            yield f"{noun}:{each.name}"


def _of_program(workspace: Workspace, step: Argv) -> Iterator[str]:
    if step.argv[:2] not in KNOWN_PROGRAMS:
        yield f"program:{step.argv[0] if step.argv else ''}"
    if step.argv[1:2] == ("compose",):
        yield from _of_compose(workspace, step)


def _of_compose(workspace: Workspace, step: Argv) -> Iterator[str]:
    """The project that a command of Compose is about, by its name, its files and its folder."""
    for option, value in global_options(step.argv[2:]):
        if option in PROJECT_FLAGS and not workspace.owns(value):
            yield f"project:{value}"
        if option in FILE_FLAGS and not is_within(workspace.root, str(workspace.root / step.cwd / value)):
            yield f"file:{value}"


def _is_env_file(path: str) -> bool:
    return PurePosixPath(path).name.startswith(".env")
