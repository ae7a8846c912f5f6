"""Package lists that are fetched in a layer of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import instructions
from docker_agent.domains.compose.dockerfile.shell import commands_of
from docker_agent.project.compose.model import ComposeModel

_UPDATE = r"(?:sudo\s+)?apt(?:-get)?\s(?:-\S+\s+)*update\b"
_USED = r"apt(?:-get)?\s[^&|;]{0,300}?\b(?:install|(?:dist-|full-)?upgrade|build-dep)\b|apt-cache|\.sh\b"


@rule(severity=Severity.WARN, area="practice")
def dockerfile_update_alone(model: ComposeModel) -> Iterator[Finding]:
    """A RUN fetches the package lists, and another one installs from them.

    Why
    ---
    The layer with the lists is kept from build to build: months later the install looks for versions that are gone.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM debian:12-slim
                RUN apt-get update
                RUN apt-get install -y curl
                USER nobody

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM debian:12-slim
                RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
                USER nobody

    Instead
    -------
    Update and install in one RUN.
    """
    for build, run in instructions(model, "RUN"):
        if "update" not in run.script or re.search(_USED, run.script):
            continue
        command = next((each for each in commands_of(run) if re.match(_UPDATE, each.text)), None)
        if command:
            words = f"The Dockerfile of {build.service.name} fetches the package lists in a layer of their own."
            yield build.fault(command.span, words, "Update and install in one RUN.")
