"""Caches of package managers that become part of the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.shell import commands_of, final_runs, is_cached
from docker_agent.project.compose.model import ComposeModel

# What installs, and what shows that nothing of it is kept, in the same RUN.
_TOOLS = (
    (
        r"(?s)(?:sudo\s+)?apt(?:-get)?\s.*?\binstall\b",
        r"rm\s+-\w+\s[^&|;]*/var/lib/apt|apt(?:-get)? distclean",
        "rm -rf /var/lib/apt/lists/*",
    ),
    (r"(?s)apk\s.*?\badd\b", r"--no-cache|/var/cache/apk", "apk add --no-cache"),
    (
        r"(?s)(?:sudo\s+)?(?:yum|dnf|microdnf)\s.*?\binstall\b",
        r"\bclean\s+all|/var/cache/(?:yum|dnf)",
        "dnf clean all",
    ),
    (
        r"(?:python[\d.]*\s+-m\s+)?pip[\d.]*\s+(?:-\S+\s+)*install\b",
        r"--no-cache-dir|PIP_NO_CACHE_DIR|\bcache purge|/\.cache",
        "pip install --no-cache-dir",
    ),
)


@rule(severity=Severity.INFO, area="practice")
def dockerfile_cache_kept(model: ComposeModel) -> Iterator[Finding]:
    """A package manager leaves its lists or its cache in a layer of the image.

    Why
    ---
    Some ten to some hundred megabytes that every pull and every host carries, and that a later RUN cannot take out.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM debian:12-slim
                RUN apt-get update && apt-get install -y curl
                USER nobody

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM debian:12-slim AS build
                RUN apt-get update && apt-get install -y gcc
                FROM debian:12-slim
                RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
                RUN --mount=type=cache,target=/root/.cache/pip pip install flask
                USER nobody

    Instead
    -------
    Remove them in the same RUN, or keep them outside the image by `--mount=type=cache`.

    See
    ---
    Hadolint DL3009, DL3019, DL3032, DL3040, DL3042
    """
    for build, run in final_runs(model):
        if is_cached(run):
            continue
        pip_off = build.dockerfile is not None and "PIP_NO_CACHE_DIR" in build.dockerfile.text
        found = list(commands_of(run))
        for installs, clean, hint in _TOOLS:
            command = next((each for each in found if re.match(installs, each.text)), None)
            if command and not re.search(clean, run.script) and not (pip_off and hint.startswith("pip")):
                tool = command.text.removeprefix("sudo ").split()[0]
                words = f"The Dockerfile of {build.service.name} leaves the cache of {tool} in the image."
                yield build.fault(command.span, words, f"In the same RUN: {hint}.")
