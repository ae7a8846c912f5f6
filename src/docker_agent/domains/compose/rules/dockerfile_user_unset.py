"""Images of whose user their Dockerfile says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import image_builds, span_of
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, production=Severity.WARN, area="security", hardening=True)
def dockerfile_user_unset(model: ComposeModel) -> Iterator[Finding]:
    """Neither the Dockerfile nor the service names a user.

    Why
    ---
    Most images to build on run as root, and what is built on them does too.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM python:3.13-slim
                COPY app.py /app/
                CMD ["python", "/app/app.py"]

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM python:3.13-slim
                RUN useradd --system app
                COPY app.py /app/
                USER app
                CMD ["python", "/app/app.py"]
          other:
            user: "1000:1000"
            build:
              dockerfile_inline: |
                FROM python:3.13-slim

    Instead
    -------
    Make a user in the Dockerfile, and end with USER.

    See
    ---
    CIS Docker Benchmark 4.1
    """
    for build in image_builds(model):
        stages = build.stages()
        known = stages and not any(word in stages[-1].image for word in ("nonroot", "rootless", "unprivileged"))
        if known and not build.service.user and build.last("USER") is None:
            words = f"Neither {build.service.name} nor its Dockerfile names a user, so it probably runs as root."
            found = build.fault(span_of(stages[0].begin), words, "Make a user, and end the Dockerfile with USER.")
            yield replace(found, confidence="likely")
