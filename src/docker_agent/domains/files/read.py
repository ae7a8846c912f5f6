"""Read a file of the project."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.host.plan_files import inside
from docker_agent.project.workspace import Workspace

MOST_LINES = 2_000


class FileText(BaseModel):
    """Some lines of a file; `first` counts from 1, `total` is how many lines the file has.

    A secret of several lines is masked as one.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    first: int
    total: int
    text: str


@tool(risk=Risk.READ, untrusted="file contents")
def read(
    workspace: Workspace,
    path: Annotated[str, "path inside the project, for example compose.yml"],
    first: Annotated[int, "first line, counting from 1"] = 1,
    lines: Annotated[int, "how many lines, at most 2000"] = 400,
) -> FileText:
    """Read lines of a text file of the project; secrets are shown as masks.

    Use it for configuration files and Dockerfiles. For compose files `compose_check` says more in fewer words.
    """
    data = workspace.host.read_file(inside(workspace.root, path))
    if b"\0" in data[:8_192]:
        raise InputError(f"{path} is not a text file.", "Only text files can be read.")
    all_lines = workspace.mask(data.decode("utf-8", "replace")).splitlines()
    if first < 1 or (first > len(all_lines) and all_lines):
        raise InputError(f"{path} has {len(all_lines)} lines; line {first} is not among them.")
    count = max(1, min(lines, MOST_LINES))
    return FileText(
        path=path, first=first, total=len(all_lines), text="\n".join(all_lines[first - 1 : first - 1 + count])
    )
