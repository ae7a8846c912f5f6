"""Whole folders that become part of an image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import instructions, span_of
from docker_agent.domains.compose.dockerfile.ignore import ignore_file
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="practice")
def dockerfile_ignore_missing(model: ComposeModel) -> Iterator[Finding]:
    """The whole build context is copied, and no `.dockerignore` leaves anything out.

    Why
    ---
    Version control, local settings and what other builds left behind go into the image; every change of any of them
    builds everything after the COPY again. Where a `.env` is among them, dockerfile_env_copied says so.

    Flagged
    -------
        services:
          app:
            build:
              context: .
              dockerfile_inline: |
                FROM node:22-slim
                COPY . .
                USER node

    Fine
    ----
        services:
          app:
            build:
              context: .
              dockerfile_inline: |
                FROM node:22-slim
                COPY package.json src ./
                USER node

    Instead
    -------
    Write a `.dockerignore` with `.git`, `.env`, `node_modules` and the like beside the Dockerfile.
    """
    told: set[str] = set()
    for build, each in instructions(model, "COPY", "ADD"):
        whole = len(each.words) > 1 and any(re.fullmatch(r"\.?/?\*?", word) for word in each.words[:-1])
        if (
            whole
            and build.service.name not in told
            and not any(name == "from" for name, _ in each.flags)
            and model.disk is not None
            and build.context is not None
            and ignore_file(model.disk, build) is None
            and model.disk.kind(build.context / ".env") != "file"
        ):
            told.add(build.service.name)
            words = f"The Dockerfile of {build.service.name} copies the whole folder, and there is no .dockerignore."
            yield build.fault(span_of(each), words, "Write a .dockerignore with .git, .env and the like.")
