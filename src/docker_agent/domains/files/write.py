"""Write a file of the project."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk, Write
from docker_agent.core.tool import tool
from docker_agent.host.plan_files import inside
from docker_agent.project.context.model import FILE_NAME
from docker_agent.project.stack import find_stack_files, open_stack
from docker_agent.project.workspace import Workspace

OF_THE_AGENT = "policies and reach of the agent"
OF_THE_PROJECT = "the project's name or its compose files would be others"


@tool(risk=Risk.CHANGE)
def write(
    workspace: Workspace,
    path: Annotated[str, "path inside the project"],
    content: Annotated[str, "the whole new content; write masks like <secret:NAME> where a secret belongs"],
    why: Annotated[str, "what the change is for, one sentence"],
) -> Plan:
    """Plan to write a whole text file of the project; what was there is kept and comes back with undo.

    For compose files prefer `compose_fix` and `diagnose_fix`, which change only the bytes that matter. The project
    context, and a change of the project's name or list of compose files, need a person's own yes.
    """
    target = inside(workspace.root, path)
    relative = str(target.relative_to(workspace.root.resolve()))
    try:
        is_folder = target.is_dir()
    except OSError as error:
        raise InputError(f"{path[:80]} cannot be a file: {error.strerror}.", "Name another.") from error
    if is_folder:
        raise InputError(f"{path} is a folder.", "Name a file.")
    before = _digest(workspace, target)
    step = Write(path=relative, content=content, before=before, why=why, touches=(f"file:{relative}",))
    return Plan(
        title=f"{'Change' if before else 'Create'} {relative}",
        project=workspace.project,
        steps=(step,),
        reason=why,
        foreign=_widening(workspace, target, relative, content),
    )


def _digest(workspace: Workspace, path: Path) -> str:
    """SHA-256 of a file, "" where there is none; one that is there and cannot be read is no blank page."""
    try:
        return hashlib.sha256(workspace.host.read_file(path)).hexdigest()
    except InputError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return ""
        raise


def _widening(workspace: Workspace, target: Path, relative: str, content: str) -> tuple[str, ...]:
    """What a new text changes beyond the file: how far the agent may reach when it next starts."""
    if target.name.casefold() == FILE_NAME:
        return (f"file:{relative} ({OF_THE_AGENT})",)

    def read(path: Path) -> bytes:
        return content.encode("utf-8", "replace") if path.resolve() == target else workspace.host.read_file(path)

    name, files = _reach(workspace, workspace.host.read_file)
    new_name, new_files = _reach(workspace, read)
    created = new_files if files else [path for path in new_files if path.resolve() != target]
    if new_name in {name, workspace.project} and created == files:
        return ()
    return (f"file:{relative} ({OF_THE_PROJECT})",)


def _reach(workspace: Workspace, read: Callable[[Path], bytes]) -> tuple[str, list[Path]]:
    """The project's name and compose files as they would be found; what cannot be read leaves the name as it is."""
    files: list[Path] = []
    try:
        files = find_stack_files(
            workspace.root,
            context_files=workspace.context.compose_files,
            read=read,
            find=workspace.host.find_files,
        )
        stack = open_stack(workspace.root, files, read=read) if files else None
    except InputError:
        stack = None
    return stack.name if stack else workspace.project, files
