"""Instructions of which only the last counts."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import dockerfiles, span_of
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="practice")
def dockerfile_duplicate_instruction(model: ComposeModel) -> Iterator[Finding]:
    """A stage has several CMD, ENTRYPOINT or HEALTHCHECK, and only the last one counts.

    Why
    ---
    Whoever wrote the first one expects it to run.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                USER node
                CMD ["node", "migrate.js"]
                CMD ["node", "server.js"]

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim AS base
                CMD ["node", "migrate.js"]
                FROM base
                USER node
                CMD ["node", "server.js"]

    Instead
    -------
    Keep one; what has to run before belongs in an entrypoint script.

    See
    ---
    Hadolint DL4003, DL4004, DL3012
    """
    for build in dockerfiles(model):
        for stage in build.dockerfile.stages if build.dockerfile else ():
            for word in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
                for each in stage.all(word)[:-1]:
                    words = f"The Dockerfile of {build.service.name} has another {word} below, which replaces this one."
                    yield build.fault(span_of(each), words, "Keep one of them.")
