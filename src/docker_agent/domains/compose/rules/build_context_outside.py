"""Build contexts outside the project."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import image_builds
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="practice")
def build_context_outside(model: ComposeModel) -> Iterator[Finding]:
    """A service is built in a folder outside the project's.

    Why
    ---
    The project cannot be moved or checked out by itself, and everything in that folder goes to the builder.

    Flagged
    -------
        services:
          app:
            build:
              context: /srv/elsewhere
              dockerfile_inline: |
                FROM python:3.13-slim
                USER nobody

    Fine
    ----
        services:
          app:
            build:
              context: ./app
              dockerfile_inline: |
                FROM python:3.13-slim
                USER nobody

    Instead
    -------
    Keep the compose file at the top of what it builds, or name what is needed by `additional_contexts`.
    """
    for build in image_builds(model):
        place = model.place(("services", build.service.name, "build", "context"))
        homes = (model.resolve("."), model.source(place.file).path.parent)
        if build.context is not None and not any(build.context.is_relative_to(home) for home in homes):
            words = f"{build.service.name} is built in a folder outside the project."
            yield fault(model, place, build.service.name, words, "Keep the compose file at the top of what it builds.")
