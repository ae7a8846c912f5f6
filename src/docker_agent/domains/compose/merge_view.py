"""The tool that shows the effective compose file and where each value came from."""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.compose.effective import Variables, effective_text
from docker_agent.project.stack import stack_of
from docker_agent.project.workspace import Workspace


class EffectiveFile(BaseModel):
    """What the files of a stack come to, as YAML with comments."""

    model_config = ConfigDict(frozen=True)

    text: str


@tool(
    risk=Risk.READ,
    on_demand=True,
    untrusted="text of compose files",
    examples=("docker-agent compose merge-view compose.yaml compose.prod.yaml --service web",),
)
def merge_view(
    ws: Workspace,
    files: Annotated[list[str], "Compose files in the order of merging; the stack's own by default."] = [],  # noqa: B006
    service: Annotated[str, "Only this service."] = "",
) -> EffectiveFile:
    """Show the effective compose file after variables, extends, include and overrides: each value with its origin."""
    stack = stack_of(ws, files=files)
    if stack is None:
        raise InputError(f"There is no compose file in {ws.root}.", "Name the files, or create compose.yaml.")
    if service and service not in stack.model.services:
        near = get_close_matches(service, stack.model.services, n=1) or list(stack.model.services)
        raise InputError(f"There is no service {service}.", f"Did you mean {', '.join(near)}?")
    variables = Variables(os.environ, stack.variables)
    return EffectiveFile(text=effective_text(stack.model, variables, service))
