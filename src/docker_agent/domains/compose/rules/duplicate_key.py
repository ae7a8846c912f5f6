"""Keys that are written twice."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def duplicate_key(model: ComposeModel) -> Iterator[Finding]:
    """A mapping has the same key twice.

    Why
    ---
    Compose refuses the file. Other readers of YAML keep the last of the two in silence, so that half of what was meant
    is lost.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            environment: {A: b}
            environment: {C: d}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            environment: {A: b, C: d}

    Instead
    -------
    Put both values under one key, or take one of them out.

    See
    ---
    https://yaml.org/spec/1.2.2/#3211-nodes
    """
    yield from problems(model, "duplicate_key", "Put both values under one key, or take one of them out.")
