"""Files in an image that everyone may write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import instructions, span_of
from docker_agent.domains.compose.dockerfile.shell import commands
from docker_agent.project.compose.model import ComposeModel

_OPEN = r"(?:sudo\s+)?chmod\s+(?:-\S+\s+)*(?:0?777|(?:a|ugo|)[+=]rwx)\b"


@rule(severity=Severity.WARN, area="security")
def dockerfile_chmod_777(model: ComposeModel) -> Iterator[Finding]:
    """Files are made writable for everyone.

    Why
    ---
    Any process that gets into the container can put its own program there; the user that needs the files is known.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                RUN mkdir /data && chmod -R 777 /data
                USER node

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                RUN mkdir /data && chown node:node /data && chmod 750 /data
                USER node

    Instead
    -------
    Give the files to the user that needs them: `chown`, or `COPY --chown`.
    """
    for build, command in commands(model):
        if re.match(_OPEN, command.text):
            words = f"The Dockerfile of {build.service.name} makes files writable for everyone."
            yield build.fault(command.span, words, "Give them to the user that needs them: chown.")
    for build, each in instructions(model, "COPY", "ADD"):
        if dict(each.flags).get("chmod", "").lstrip("0") == "777":
            words = f"The Dockerfile of {build.service.name} makes files writable for everyone."
            yield build.fault(span_of(each), words, "Give them to the user that needs them: --chown.")
