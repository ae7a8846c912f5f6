"""Containers whose first process is a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import image_builds, span_of
from docker_agent.project.compose.model import ComposeModel

_SINGLE = r"exec\s|\["


@rule(severity=Severity.INFO, production=Severity.WARN, area="practice")
def dockerfile_shell_form(model: ComposeModel) -> Iterator[Finding]:
    """The command of an image is written as text, so that a shell runs it.

    Why
    ---
    The shell is process 1 then and may keep SIGTERM for itself: `docker compose stop` waits ten seconds and kills, and
    requests or transactions under way are lost. After ENTRYPOINT as text, nothing that `command` says has any effect.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                USER node
                CMD node server.js

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                USER node
                CMD ["node", "server.js"]

    Instead
    -------
    Write a list of words, or begin with `exec` where a shell is needed.

    See
    ---
    Hadolint DL3025
    """
    seen: set[object] = set()
    for build in image_builds(model):
        overridden = {"ENTRYPOINT": build.service.entrypoint, "CMD": build.service.command or build.service.entrypoint}
        for word in ("ENTRYPOINT", "CMD"):
            each = build.last(word)
            if each is None or each.items is not None or overridden[word] is not None or each in seen:
                continue
            seen.add(each)
            if each.text and not re.match(_SINGLE, each.text):
                words = f"The {word} of {build.service.name} is text, so a shell runs it."
                yield replace(build.fault(span_of(each), words, "Write it as a list of words."), confidence="likely")
