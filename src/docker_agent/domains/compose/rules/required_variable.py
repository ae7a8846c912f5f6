"""Required variables that nothing sets."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def required_variable(model: ComposeModel) -> Iterator[Finding]:
    """A variable is required by `${NAME:?words}` and has no value.

    Why
    ---
    Compose refuses the project until the variable is set, also where a default elsewhere makes the place unused.

    Flagged
    -------
        services:
          db:
            image: postgres:17
            environment:
              POSTGRES_PASSWORD: ${NOWHERE_SET:?set it in .env}

    Fine
    ----
        services:
          db:
            image: postgres:17
            environment:
              POSTGRES_PASSWORD: ${NOWHERE_SET:-secret}

    Instead
    -------
    Set it in `.env` or in the shell.

    See
    ---
    https://docs.docker.com/reference/compose-file/interpolation/
    """
    yield from problems(model, "required_variable", "Set it in .env or in the shell.")
