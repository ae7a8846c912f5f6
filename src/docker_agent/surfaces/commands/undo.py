"""Reverse what an applied plan did."""

from __future__ import annotations

from typing import Annotated

import typer

from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.start import finish, guarded, start


def command(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="Number in `docker-agent log`; the newest where left out.")] = "",
) -> None:
    r"""Reverse what an applied plan did: files as they were, then each step's own undo.

    \b
    Examples:
      docker-agent undo
      docker-agent undo 3 --yes
    """
    choices: Choices = context.obj
    guarded(choices, lambda: finish(choices, start(choices).undo(entry)))
