"""Files from the network that nobody checks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import instructions, span_of
from docker_agent.project.compose.model import ComposeModel

_URL = r"(?i)(?:https?|ftp)://(?!\S+\.git(?:[#?]|$))"


@rule(severity=Severity.WARN, area="security")
def dockerfile_add_url(model: ComposeModel) -> Iterator[Finding]:
    r"""An ADD takes a file from the network without a checksum.

    Why
    ---
    Whatever the server sends at build time becomes part of the image, and nobody notices when it is another file.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM debian:12-slim
                ADD https://example.org/tool.tar.gz /opt/
                USER nobody

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM debian:12-slim
                ADD --checksum=sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae \
                  https://example.org/tool.tar.gz /opt/
                USER nobody

    Instead
    -------
    Give `--checksum`, or fetch and check it in one RUN.
    """
    for build, each in instructions(model, "ADD"):
        url = next((word for word in each.words[:-1] if re.match(_URL, word)), None)
        if url and not any(name == "checksum" for name, _ in each.flags):
            host = url.split("/")[2].rpartition("@")[2]
            words = f"The Dockerfile of {build.service.name} adds a file from {host} that nobody checks."
            yield build.fault(span_of(each), words, "Give --checksum=sha256:...")
