"""Images whose tag says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.images import FLOATING, image_tag
from docker_agent.project.compose import ComposeModel
from docker_agent.project.compose_nodes import Scalar


@rule(severity=Severity.WARN, area="security")
def unpinned_image(model: ComposeModel) -> Iterator[Finding]:
    """An image has no tag, or one that moves.

    Why
    ---
    The next pull may bring another major version: what ran yesterday does not start tomorrow, and nobody can say what
    ran yesterday.

    Flagged
    -------
        services:
          db:
            image: postgres:latest

    Fine
    ----
        services:
          db:
            image: postgres:17.2
          app:
            build: .
            image: app

    Instead
    -------
    Name a version, or a digest where it has to be the same bits for ever.
    """
    for service in model.services.values():
        path = ("services", service.name, "image")
        node = model.node(path)
        if not isinstance(node, Scalar) or node.unset or service.build or not service.image:
            continue
        tag = image_tag(service.image)
        if tag is None or tag in FLOATING:
            said = f"the tag {tag}, which moves" if tag else "no tag"
            yield fault(
                model,
                node.place,
                service.name,
                f"{service.name} uses the image {service.image.partition('@')[0]} with {said}.",
                "Name a version.",
            )
