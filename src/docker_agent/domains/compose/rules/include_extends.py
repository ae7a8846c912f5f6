"""Files and services that `include` and `extends` name."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def include_extends(model: ComposeModel) -> Iterator[Finding]:
    """What `include` or `extends` names is not there, names itself, or clashes with what the file has.

    Why
    ---
    Compose refuses the project. Paths are relative to the folder of the file that names them, for a project's own files
    to the folder of the first. Two declarations of one name clash unless they are alike. What lies in a repository or
    registry is never fetched here, and named as not looked at.

    Flagged
    -------
        services:
          web:
            extends: web
            image: nginx:1.29

    Fine
    ----
        services:
          base:
            image: nginx:1.29
          web:
            extends: base

    Instead
    -------
    Correct the name or the path. To change an included service, use a further file with `-f`, or
    `include: [{path: [theirs.yaml, mine.yaml]}]`.

    See
    ---
    https://docs.docker.com/reference/compose-file/include/
    """
    yield from problems(model, "include_extends", "Correct the name or the path.")
