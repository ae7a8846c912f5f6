"""A conversation with history: /tools, /plan, /undo, /quit."""

from __future__ import annotations

import typer

from docker_agent.surfaces.chat import converse
from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.start import guarded, start


def command(context: typer.Context) -> None:
    r"""A conversation with history; each line goes to the same model with all that was said before.

    \b
    Inside:
      /tools   the tools        /plan   plans waiting for a yes
      /undo    undo the newest  /quit   leave (or Ctrl-D)
    """
    choices: Choices = context.obj
    guarded(choices, lambda: converse(choices, start(choices)))
