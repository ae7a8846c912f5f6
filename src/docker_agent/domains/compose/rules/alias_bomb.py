"""Aliases that have no end."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def alias_bomb(model: ComposeModel) -> Iterator[Finding]:
    """An alias holds itself, or aliases of aliases grow to more than 100,000 values.

    Why
    ---
    A few lines of such aliases are billions of values once they are expanded. Docker Compose 2.40 hangs on them until
    it is killed; this check answers at once and reads nothing else of the file.

    Flagged
    -------
        services:
          web: &web
            image: nginx:1.29
            x-again: *web

    Fine
    ----
        x-common: &common
          restart: unless-stopped
        services:
          web:
            <<: *common
            image: nginx:1.29

    Instead
    -------
    Write the value out, or let the alias point at something outside of itself.

    See
    ---
    https://yaml.org/spec/1.2.2/#alias-nodes
    """
    yield from problems(model, "alias_bomb", "Write the value out, or let the alias point outside of itself.")
