"""Values that do not read as what they have to be."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def bad_scalar(model: ComposeModel) -> Iterator[Finding]:
    """A value does not read as the duration, size, number or boolean that is needed.

    Why
    ---
    Compose reads these after filling in variables and refuses the project where one does not read: `1M` is no
    duration, `1Gi` no size, `1` is neither true nor false.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            mem_limit: 512MiBytes

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            mem_limit: 512m
            stop_grace_period: 1m30s
            init: "yes"

    See
    ---
    https://docs.docker.com/reference/compose-file/extension/#specifying-durations
    """
    yield from problems(model, "bad_scalar", "Write durations as 1m30s, sizes as 512m, switches as true or false.")
