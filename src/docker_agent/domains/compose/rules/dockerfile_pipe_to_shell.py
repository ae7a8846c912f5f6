"""Programs from the network that run unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import instructions
from docker_agent.project.compose.model import ComposeModel

_SHELL = r"(?:sudo\s+(?:-\S+\s+)*)?(?:\S*/)?(?:(?:ba|z|da|k|a)?sh|python[\d.]*|node|perl|ruby)\b"
_FETCH = r"(?:curl|wget)\b"
_PIPED = (
    rf"\b{_FETCH}[^|;&\n]{{0,400}}\|\s*{_SHELL}(?!\s+-c)"
    rf"|{_SHELL}\s+(?:-c\s+)?[\"']?(?:<\(|\$\(|`)\s*{_FETCH}"
)


@rule(severity=Severity.WARN, area="security")
def dockerfile_pipe_to_shell(model: ComposeModel) -> Iterator[Finding]:
    """A RUN fetches a program and runs it at once.

    Why
    ---
    Whoever holds the server, or stands in between, decides what runs in the build; half a download runs as well, since
    the pipe does not say that the fetch failed.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM debian:12-slim
                RUN curl -fsSL https://example.org/install.sh | sh
                USER nobody

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM debian:12-slim
                COPY install.sha256 .
                RUN curl -fsSLo install.sh https://example.org/i.sh && sha256sum -c install.sha256 && sh install.sh
                USER nobody

    Instead
    -------
    Save it, check it against a checksum that stands in the Dockerfile, then run it.
    """
    for build, run in instructions(model, "RUN"):
        for found in re.finditer(_PIPED, run.script) if "curl" in run.script or "wget" in run.script else ():
            span = (run.text_start + found.start(), run.text_start + found.end())
            words = f"The Dockerfile of {build.service.name} runs what it fetches without looking at it."
            yield build.fault(span, words, "Save it, check its checksum, then run it.")
