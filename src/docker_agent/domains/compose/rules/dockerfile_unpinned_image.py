"""Images to build on whose tag says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.nearest import nearest
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import dockerfiles, span_of
from docker_agent.domains.compose.facts.images import FLOATING, image_tag, without_tag
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="security", production=Severity.WARN)
def dockerfile_unpinned_image(model: ComposeModel) -> Iterator[Finding]:
    """A Dockerfile builds on an image without a tag, or with one that moves.

    Why
    ---
    The next build may begin with another major version: what was built yesterday cannot be built again.

    Flagged
    -------
        services:
          app:
            build:
              dockerfile_inline: |
                FROM python:latest
                USER app

    Fine
    ----
        services:
          app:
            build:
              dockerfile_inline: |
                ARG VERSION=3.13-slim
                FROM python:$${VERSION} AS build
                FROM build
                USER app

    Instead
    -------
    Name a version, or a digest where it has to be the same bits for ever.

    See
    ---
    Hadolint DL3006, DL3007
    """
    for build in dockerfiles(model):
        if build.dockerfile is None:
            continue
        for stage in build.dockerfile.stages:
            image = build.image_of(stage)
            tag = image_tag(image) if image else ""
            if image and (tag is None or tag in FLOATING):
                said = f"the tag {tag}, which moves" if tag else "no tag"
                words = f"The Dockerfile of {build.service.name} builds on {image.partition('@')[0]} with {said}."
                above = [each.name for each in build.dockerfile.stages[: stage.index] if each.name]
                near = nearest(image.lower(), above) if tag is None else ""
                meant = f", or FROM {near} if the stage of that name is meant" if near else ""
                yield build.fault(span_of(stage.begin), words, f"Write FROM {without_tag(image)}:VERSION{meant}.")
