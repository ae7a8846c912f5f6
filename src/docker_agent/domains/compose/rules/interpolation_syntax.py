"""Variables that Compose cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def interpolation_syntax(model: ComposeModel) -> Iterator[Finding]:
    """A `${...}` is not closed, or holds no name or an operator that Compose does not know.

    Why
    ---
    Compose refuses the project at the first of them. It knows `${A}`, `${A:-default}`, `${A-default}`, `${A:?words}`,
    `${A?words}`, `${A:+other}` and `${A+other}`; it does not know what shells have besides, such as `${A:0:3}`.

    Flagged
    -------
        services:
          web:
            image: nginx:${TAG:=1.29}

    Fine
    ----
        services:
          web:
            image: nginx:${TAG:-1.29}
            command: ["sh", "-c", "echo $${HOME%/}"]

    Instead
    -------
    Correct the variable; write `$$` for a dollar sign that is meant for the container.

    See
    ---
    https://docs.docker.com/reference/compose-file/interpolation/
    """
    yield from problems(
        model, "interpolation_syntax", "Write ${NAME} or ${NAME:-default}, and $$ for a plain dollar sign."
    )
