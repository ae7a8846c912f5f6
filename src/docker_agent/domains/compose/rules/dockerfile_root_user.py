"""Images that are told to run as root."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import image_builds, span_of
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def dockerfile_root_user(model: ComposeModel) -> Iterator[Finding]:
    """The last USER of a Dockerfile is root, and the service says nothing else.

    Why
    ---
    Root in the container is root on the host as soon as anything else goes wrong. A Dockerfile often becomes root to
    install something and forgets to go back.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM jenkins/jenkins:2.504
                USER root
                RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                FROM jenkins/jenkins:2.504
                USER root
                RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
                USER jenkins

    Instead
    -------
    End with a USER that has no rights, by name or number.

    See
    ---
    CIS Docker Benchmark 4.1, Hadolint DL3002
    """
    seen: set[object] = set()
    for build in image_builds(model):
        user = build.last("USER")
        if user is None or user in seen or build.service.user:
            continue
        seen.add(user)
        if user.text.partition(":")[0].strip() in {"0", "root"}:
            words = f"The image of {build.service.name} runs as root: the last USER of its Dockerfile says so."
            yield build.fault(span_of(user), words, "End with a USER without rights.")
