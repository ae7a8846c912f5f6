"""Further capabilities, made visible when they are needed."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.project.workspace import Workspace


class Opened(BaseModel):
    """The tools of a domain that can be called from now on."""

    model_config = ConfigDict(frozen=True)

    domain: str
    tools: dict[str, str]


@tool(risk=Risk.READ)
def open_domain(
    ws: Workspace, name: Annotated[str, "Name of the capability, as the system prompt lists it."]
) -> Opened:
    """Make the tools of a capability visible, from the next turn on.

    Answers their names with one sentence each. Opening changes nothing but what you see.
    """
    wanted = name.strip().lower()
    names = ws.open_domain(wanted)
    return Opened(domain=wanted, tools={each: ws.tools[each].summary if each in ws.tools else "" for each in names})
