"""Apply a saved plan after a look at it."""

from __future__ import annotations

from typing import Annotated

import typer

from docker_agent.surfaces.choices import Choices
from docker_agent.surfaces.start import finish, guarded, start


def command(
    context: typer.Context,
    plan: Annotated[str, typer.Argument(help="The start of the plan's digest, or its file.")],
) -> None:
    r"""Apply a saved plan after a look at it.

    Without a terminal, --yes together with the digest is the yes for exactly this plan. A plan from a file elsewhere is
    only saved at first; look at it, then apply it by its digest.

    \b
    Examples:
      docker-agent apply 3f9a1c22b0de
      docker-agent apply 3f9a1c22b0de --yes
    """
    choices: Choices = context.obj

    def work() -> int:
        session = start(choices)
        return finish(choices, session.apply(session.door.journal.load_plan(plan)))

    guarded(choices, work)
