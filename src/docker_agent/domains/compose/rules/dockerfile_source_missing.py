"""Files that a build copies and that are not there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import instructions, span_of
from docker_agent.domains.compose.dockerfile.ignore import ignores_all
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="practice")
def dockerfile_source_missing(model: ComposeModel) -> Iterator[Finding]:
    """A COPY or ADD names a file that is not in the build context.

    Why
    ---
    The build ends there, also where `.dockerignore` keeps the file out. What a build outside makes first (a binary, a
    bundle) is missed here too.

    Flagged
    -------
        services:
          app:
            build:
              context: .
              dockerfile_inline: |
                FROM node:22-slim
                COPY missing.json /app/
                USER node

    Fine
    ----
        services:
          app:
            build:
              context: .
              dockerfile_inline: |
                FROM node:22-slim
                COPY --from=busybox:1.37 /bin/sh /bin/sh
                COPY *.json /app/
                USER node

    Instead
    -------
    Correct the path; it is relative to the build context, not to the Dockerfile.
    """
    disk = model.disk
    for build, each in instructions(model, "COPY", "ADD"):
        if build.context is None or any(name == "from" for name, _ in each.flags) or "<<" in each.text:
            continue
        for word in each.words[:-1]:
            if disk is None or any(mark in word for mark in "*?[$:@"):
                continue
            name = os.path.normpath(f"/{word}").lstrip("/") or "."
            if not disk.kind(build.context / name):
                words = f"The Dockerfile of {build.service.name} copies {word}, which is not in its build context."
                yield replace(build.fault(span_of(each), words, "Correct the path."), confidence="likely")
            elif name != "." and ignores_all(disk, build, name):
                words = f"The Dockerfile of {build.service.name} copies {word}, which .dockerignore keeps out."
                yield build.fault(span_of(each), words, "Take it out of .dockerignore.")
