"""sudo in a build."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.shell import commands
from docker_agent.project.compose.model import ComposeModel

_SUDO = r"sudo\s+(?!-u\b|--user|-E -u\b|-H -u\b)"


@rule(severity=Severity.INFO, area="practice")
def dockerfile_sudo(model: ComposeModel) -> Iterator[Finding]:
    """A RUN becomes root by sudo.

    Why
    ---
    It needs sudo in the image and a user who may use it, which is a way back to root for whoever gets into the
    container.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM ubuntu:24.04
                USER app
                RUN sudo apt-get update && echo done

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM ubuntu:24.04
                USER root
                RUN apt-get update && echo done
                USER app

    Instead
    -------
    Put `USER root` before what needs it, and go back afterwards.

    See
    ---
    Hadolint DL3004
    """
    for build, command in commands(model):
        if re.match(_SUDO, command.text):
            words = f"The Dockerfile of {build.service.name} uses sudo."
            yield build.fault(command.span, words, "Put USER root before it, and go back afterwards.")
