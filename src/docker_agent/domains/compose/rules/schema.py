"""Words and values that the Compose Specification does not know."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def schema(model: ComposeModel) -> Iterator[Finding]:
    """A key that Compose does not know, or a value of another kind than it takes.

    Why
    ---
    Compose holds every file against the schema of its specification and refuses the whole project at the first
    fault. A key that is written but empty counts as empty, not as left out.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            enviroment: {A: b}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            environment: {A: b}
            x-note: keys of your own start with x-

    Instead
    -------
    Correct the word, put numbers that stand for text in quotes, take out keys that are empty.

    See
    ---
    https://docs.docker.com/reference/compose-file/
    """
    old = model.problems_of("services_missing")
    services = {str(entry.key.place) for entry in model.root.entries} if old else set[str]()
    for found in problems(model, "schema", "Write what the reference has: docs.docker.com/reference/compose-file."):
        if found.evidence[0].where not in services:
            yield found
