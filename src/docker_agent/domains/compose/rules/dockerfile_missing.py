"""Dockerfiles that are named and not there."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import image_builds
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="practice")
def dockerfile_missing(model: ComposeModel) -> Iterator[Finding]:
    """The Dockerfile of a service is not there.

    Why
    ---
    `docker compose config` says nothing; `docker compose up` ends when it comes to the build. The file is looked for
    below the build context, not beside the compose file.

    Flagged
    -------
        services:
          app:
            build:
              context: .
              dockerfile: missing/Dockerfile

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM python:3.13-slim
                USER nobody

    Instead
    -------
    Correct `dockerfile`, or put the file there.
    """
    for build in image_builds(model):
        if build.missing == "dockerfile" and build.path is not None:
            words = f"{build.service.name} is built by {build.path.name}, which is not in its build context."
            found = fault(model, build.place, build.service.name, words, "Correct dockerfile, or put the file there.")
            yield found
