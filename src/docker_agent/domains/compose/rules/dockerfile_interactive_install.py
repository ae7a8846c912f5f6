"""Package managers that wait for an answer during a build."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.shell import commands
from docker_agent.project.compose.model import ComposeModel

_ASKING = (
    r"(?s)(?:sudo\s+)?(?P<tool>apt-get|apt|yum|dnf|microdnf|zypper)\b(?P<options>.*?)\s"
    r"(?:install|upgrade|dist-upgrade|full-upgrade|groupinstall|localinstall)(?:\s|$)"
)
_YES = r"\s(?:-[a-zA-Z]*y[a-zA-Z]*|-qq|--yes|--assume-yes|--assumeyes|--non-interactive|-n)\b|Assume-Yes"


@rule(severity=Severity.WARN, area="practice")
def dockerfile_interactive_install(model: ComposeModel) -> Iterator[Finding]:
    """A package manager asks for a yes, and nobody is there to give it.

    Why
    ---
    The build has no terminal: the question is answered with no, and the build fails.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM debian:12-slim
                RUN apt-get update && apt-get install curl && rm -rf /var/lib/apt/lists/*
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
    Add `-y`.

    See
    ---
    Hadolint DL3014, DL3030, DL3034, DL3038
    """
    for build, command in commands(model):
        found = re.match(_ASKING, command.text)
        if found and not re.search(_YES, command.text) and "Assume-Yes" not in command.run.script:
            words = (
                f"The Dockerfile of {build.service.name} lets {found.group('tool')} ask a question that nobody answers."
            )
            yield build.fault(command.span, words, "Add -y.")
