"""List files of the project."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.project.workspace import Workspace

MOST = 300


class FileList(BaseModel):
    """Paths relative to the project, sorted; `left_out` says how many more there are."""

    model_config = ConfigDict(frozen=True)

    files: tuple[str, ...]
    left_out: int = 0


@tool(risk=Risk.READ, untrusted="file names")
def list(  # noqa: A001
    workspace: Workspace,
    pattern: Annotated[str, "glob, for example **/Dockerfile* or **/*.yml"] = "*",
) -> FileList:
    """List files of the project that match a glob; hidden and vendored folders are left out."""
    found = [str(path.relative_to(workspace.root)) for path in workspace.host.find_files(workspace.root, pattern)]
    return FileList(files=tuple(found[:MOST]), left_out=max(0, len(found) - MOST))
