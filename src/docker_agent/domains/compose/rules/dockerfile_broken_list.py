"""Commands that look like a list and are none."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import instructions, span_of
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="practice")
def dockerfile_broken_list(model: ComposeModel) -> Iterator[Finding]:
    """A command is written as a list that is not JSON.

    Why
    ---
    The builder takes it as text and says nothing; the container then asks a shell for a program called `[node,`.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM node:22-slim
                USER node
                CMD ['node', 'server.js']

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
    Use double quotes, commas between the words and none after the last.
    """
    for build, each in instructions(model, "CMD", "ENTRYPOINT", "HEALTHCHECK", "VOLUME"):
        if each.items is None and each.body.startswith("[") and each.body.endswith("]") and "," in each.body:
            words = f"The {each.word} of {build.service.name} looks like a list and is not JSON."
            yield build.fault(span_of(each), words, "Use double quotes, and no comma after the last word.")
