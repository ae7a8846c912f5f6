"""Env files that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel

GONE = ("is not there.", "it cannot be read.")


@rule(severity=Severity.ERROR, area="model")
def env_file_missing(model: ComposeModel) -> Iterator[Finding]:
    """A file that `env_file` or `label_file` names is not there, or is no file of variables.

    Why
    ---
    Compose refuses the project, though only for services whose profile is on. A value in the file that is not valid is
    refused too, required or not.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            env_file: nowhere.env

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            env_file:
              - path: nowhere.env
                required: false

    Instead
    -------
    Create the file, correct its name, or say `required: false`.

    See
    ---
    https://docs.docker.com/reference/compose-file/services/#env_file
    """
    for found in problems(model, "env_file_missing", "Correct the file, or the path to it."):
        gone = found.message.endswith(GONE)
        yield replace(found, fix="Create the file, or write required: false beside its path.") if gone else found
