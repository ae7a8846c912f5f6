"""Show what was understood of `.project-context.md`."""

from __future__ import annotations

from typing import Any

import typer
from pydantic import TypeAdapter

from docker_agent.app import Session
from docker_agent.project.context.model import ProjectContext
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.render import print_answer
from docker_agent.surfaces.start import guarded, print_json, start

NOT_SHOWN = {"text", "policy_lines"}


def command(context: typer.Context) -> None:
    r"""Show what was understood of `.project-context.md`, with line numbers for what was not.

    \b
    Examples:
      docker-agent context
      docker-agent -C ./shop context --json
    """
    choices: Choices = context.obj

    def work() -> int:
        session = start(choices)
        data = _understood(session)
        if choices.json:
            print_json({"ok": not data["mistakes"], **data})
        else:
            print_answer(data)
        return 1 if data["mistakes"] else 0

    guarded(choices, work)


def _understood(session: Session) -> dict[str, Any]:
    workspace = session.workspace
    data = TypeAdapter(ProjectContext).dump_python(workspace.context, mode="json", exclude=NOT_SHOWN)
    if workspace.context.path is None:
        data["path"] = (
            "none found from here upwards; write .project-context.md with a `## Docker Configuration` section"
        )
    files = [str(path) for path in session.stack.files] if session.stack else []
    return session.door.redactor.data({**data, "compose_project": workspace.project, "compose_files_found": files})
