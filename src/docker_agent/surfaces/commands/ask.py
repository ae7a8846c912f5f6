"""Work on a prompt: every word after `ask` belongs to it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.conversation import ask_once
from docker_agent.surfaces.start import guarded, start


def command(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="The prompt; quotes are not needed. `-` reads it from the input.")],
) -> None:
    r"""Work on a prompt: every word after `ask` belongs to it.

    \b
    Examples:
      docker-agent ask why does web keep restarting
      docker-agent --yes ask fix the unhealthy service
      docker-agent --json ask what is wrong here
      docker-agent ask - < task.txt
    """
    choices: Choices = context.obj
    prompt = sys.stdin.read() if words == ["-"] else " ".join(words)
    guarded(choices, lambda: ask_once(choices, start(choices), prompt))
