"""ADD where COPY would do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import instructions, span_of
from docker_agent.project.compose.model import ComposeModel

_UNPACKED = r"(?i)(?:\.tar(?:\.\w+)?|\.t[gbx]z2?|\.(?:gz|bz2|xz|zst))$|^(?:\w+://|git@)|[*?$]|<<"


@rule(severity=Severity.INFO, area="practice")
def dockerfile_add_for_copy(model: ComposeModel) -> Iterator[Finding]:
    """An ADD copies plain files, as COPY does.

    Why
    ---
    ADD also unpacks archives and fetches URLs: one day a file changes its kind, and the image holds something else.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM python:3.13-slim
                ADD app.py /app/
                USER app

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM python:3.13-slim
                COPY app.py /app/
                ADD data.tar.gz /data/
                USER app

    Instead
    -------
    Write COPY.

    See
    ---
    Hadolint DL3020
    """
    for build, each in instructions(model, "ADD"):
        if len(each.words) > 1 and not any(re.search(_UNPACKED, word) for word in each.words[:-1]):
            words = f"The Dockerfile of {build.service.name} uses ADD where COPY does the same."
            yield build.fault(span_of(each), words, "Write COPY.")
