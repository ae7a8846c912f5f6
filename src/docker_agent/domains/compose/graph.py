"""The tool that draws how services depend on each other."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.compose.graphs.dependencies import graph_of
from docker_agent.domains.compose.graphs.svg import as_svg
from docker_agent.domains.compose.graphs.text import as_json, as_mermaid, as_tree
from docker_agent.project.stack import stack_of
from docker_agent.project.workspace import Workspace

Format = Literal["tree", "mermaid", "svg", "json"]

DRAWINGS = {"tree": as_tree, "mermaid": as_mermaid, "svg": as_svg, "json": as_json}


class GraphDrawing(BaseModel):
    """The dependency graph of a stack in the form that was asked for."""

    model_config = ConfigDict(frozen=True)

    text: str


@tool(
    risk=Risk.READ,
    on_demand=True,
    untrusted="text of compose files",
    examples=(
        "docker-agent compose graph",
        "docker-agent compose graph --format mermaid > stack.mmd",
    ),
)
def graph(
    ws: Workspace,
    files: Annotated[list[str], "Compose files; the stack's own by default."] = [],  # noqa: B006
    format: Annotated[Format, "How to draw it."] = "tree",  # noqa: A002
) -> GraphDrawing:
    """Draw which service needs which: start-up waves, health gates, cycles, what is shared or external."""
    stack = stack_of(ws, files=files)
    if stack is None:
        raise InputError(f"There is no compose file in {ws.root}.", "Name the files, or create compose.yaml.")
    return GraphDrawing(text=DRAWINGS[format](graph_of(stack.model, stack.name)))
