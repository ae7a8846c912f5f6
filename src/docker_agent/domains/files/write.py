"""Write a file of the project."""

from __future__ import annotations

import hashlib
from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk, Write
from docker_agent.core.tool import tool
from docker_agent.host.apply import inside
from docker_agent.project.workspace import Workspace


@tool(risk=Risk.CHANGE)
def write(
    workspace: Workspace,
    path: Annotated[str, "path inside the project"],
    content: Annotated[str, "the whole new content; write masks like <secret:NAME> where a secret belongs"],
    why: Annotated[str, "what the change is for, one sentence"],
) -> Plan:
    """Plan to write a whole text file of the project; what was there is kept and comes back with undo.

    For compose files prefer `compose_fix` and `diagnose_fix`, which change only the bytes that matter.
    """
    target = inside(workspace.root, path)
    relative = str(target.relative_to(workspace.root.resolve()))
    try:
        is_folder = target.is_dir()
    except OSError as error:
        raise InputError(f"{path[:80]} cannot be a file: {error.strerror}.", "Name another.") from error
    if is_folder:
        raise InputError(f"{path} is a folder.", "Name a file.")
    before = _digest(workspace, path)
    step = Write(path=relative, content=content, before=before, why=why, touches=(f"file:{relative}",))
    return Plan(
        title=f"{'Change' if before else 'Create'} {relative}", project=workspace.project, steps=(step,), reason=why
    )


def _digest(workspace: Workspace, path: str) -> str:
    try:
        return hashlib.sha256(workspace.host.read_file(inside(workspace.root, path))).hexdigest()
    except InputError:
        return ""
