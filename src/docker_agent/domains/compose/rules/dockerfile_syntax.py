"""Dockerfiles that the builder refuses."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import dockerfiles
from docker_agent.domains.compose.dockerfile.syntax import syntax_faults
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="practice")
def dockerfile_syntax(model: ComposeModel) -> Iterator[Finding]:
    """A Dockerfile has a line that the builder refuses: an unknown instruction or flag, or wrong arguments.

    Why
    ---
    The build ends there, after the files were sent and perhaps in the middle of a deployment.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM python:3.13-slim
                COPPY app.py /app/
                USER app

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM python:3.13-slim
                COPY app.py /app/
                USER app

    Instead
    -------
    Write the instruction that was meant; the reference of Dockerfiles has all of them.

    See
    ---
    https://docs.docker.com/reference/dockerfile/
    """
    for build in dockerfiles(model):
        for start, end, words, near in syntax_faults(build.dockerfile) if build.dockerfile else ():
            hint = f'Did you mean "{near}"?' if near else "Correct it."
            yield build.fault((start, end), f"The Dockerfile of {build.service.name} cannot be read: {words}.", hint)
