"""Mounts that do not read."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def bad_mount(model: ComposeModel) -> Iterator[Finding]:
    """An entry of `volumes` does not read as a mount: an empty part, too many colons, a bind without a source.

    Why
    ---
    Compose refuses the project. A part is most often empty because a variable in it has no value.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            volumes: [":/usr/share/nginx/html"]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            volumes: ["./html:/usr/share/nginx/html:ro"]

    See
    ---
    https://docs.docker.com/reference/compose-file/services/#volumes
    """
    yield from problems(model, "bad_mount", "Write SOURCE:TARGET, with :ro where it is only read.")
