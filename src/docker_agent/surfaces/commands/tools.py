"""List every tool with its risk and first sentence."""

from __future__ import annotations

import typer

from docker_agent.app import all_tools
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.render import print_answer
from docker_agent.surfaces.start import print_json


def command(context: typer.Context) -> None:
    r"""List every tool with its risk and first sentence; with --json also the schemas.

    \b
    Examples:
      docker-agent tools
      docker-agent tools --json
    """
    choices: Choices = context.obj
    if choices.json:
        rows = [
            {"name": tool.name, "risk": tool.risk.value, "description": tool.description, "schema": tool.schema}
            for tool in all_tools().values()
        ]
        print_json({"ok": True, "tools": rows})
        return
    print_answer(
        {"tools": [{"tool": tool.name, "risk": tool.risk.value, "what": tool.summary} for tool in all_tools().values()]}
    )
