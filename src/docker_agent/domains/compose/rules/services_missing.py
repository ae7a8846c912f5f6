"""Files without services."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def services_missing(model: ComposeModel) -> Iterator[Finding]:
    """The file is empty, a list or plain text, or has its services outside of `services:`.

    Why
    ---
    Compose refuses an empty file, one that is no mapping, an empty document between two `---`, and the first version
    of the format, which had the services at the top.

    Flagged
    -------
        web:
          image: nginx:1.29

    Fine
    ----
        services:
          web:
            image: nginx:1.29

    Instead
    -------
    Write `services:` above the services and indent them below it.

    See
    ---
    https://docs.docker.com/reference/compose-file/services/
    """
    yield from problems(model, "services_missing", "Write services: at the top and indent the services below it.")
