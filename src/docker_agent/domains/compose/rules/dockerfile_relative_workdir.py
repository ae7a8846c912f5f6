"""Working folders that depend on what came before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import dockerfiles, span_of
from docker_agent.project.compose.model import ComposeModel

_ABSOLUTE = r"[\"']?(?:/|\$|[A-Za-z]:[\\/])"


@rule(severity=Severity.INFO, area="practice")
def dockerfile_relative_workdir(model: ComposeModel) -> Iterator[Finding]:
    """The first WORKDIR of a stage is relative to whatever the image to build on says.

    Why
    ---
    Where that image moves its working folder, everything lands somewhere else.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                WORKDIR app
                USER node

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                WORKDIR /app
                USER node

    Instead
    -------
    Write the whole path.

    See
    ---
    Hadolint DL3000
    """
    for build in dockerfiles(model):
        for stage in build.dockerfile.stages if build.dockerfile else ():
            first = next(iter(stage.all("WORKDIR")), None)
            if first and first.text and build.image_of(stage) and not re.match(_ABSOLUTE, first.text):
                words = f"The Dockerfile of {build.service.name} has a working folder that depends on the image below."
                yield build.fault(span_of(first), words, "Write the whole path.")
