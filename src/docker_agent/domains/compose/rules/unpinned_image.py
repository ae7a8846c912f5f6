"""Images whose tag says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.databases import FAMILIES
from docker_agent.domains.compose.facts.images import FLOATING, image_name, image_tag, moves, without_tag
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.edit.items import replace_scalar
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.INFO, area="security", production=Severity.WARN)
def unpinned_image(model: ComposeModel) -> Iterator[Finding]:
    """An image has no tag, or one that moves.

    Why
    ---
    The next pull may bring another major version: what ran yesterday does not start tomorrow, and nobody can say what
    ran yesterday. A database that finds files of another major version in its volume does not start at all, so that
    databases are warned of in every profile. Tags without any digit move too: `redis:alpine` is the latest Redis,
    `mariadb:lts` the latest that is called so.

    Flagged
    -------
        services:
          web:
            image: nginx:latest

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
    Name a version, or a digest where it has to be the same bits for ever. Images that are built and pushed by
    the same pipeline that deploys them may be fine with a moving tag; what runs is then written nowhere but in its log.

    See
    ---
    image_digest
    """
    for service in model.services.values():
        node = service.raw.get("image")
        if not isinstance(node, Scalar) or service.build or not service.image:
            continue
        tag = image_tag(service.image)
        if node.unset:
            tag = node.written.rpartition(":")[2]
            if tag not in FLOATING:
                continue
        elif tag is not None and not moves(service.image):
            continue
        name = (node.written if node.unset else service.image).partition("@")[0]
        said = f"the tag {tag}, which moves" if tag else "no tag"
        message = f"{service.name} uses the image {name} with {said}."
        found = fault(model, node.place, service.name, message, f"Write {without_tag(name)}:VERSION.")
        yield replace(found, severity=Severity.WARN) if image_name(service.image) in FAMILIES else found


@unpinned_image.fix("suggest")
def name_version(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Name the version that another service of the stack names for the same image; none is made up."""
    node = model.services[finding.object].raw.get("image")
    images = [service.image for service in model.services.values() if not service.build]
    if not isinstance(node, Scalar) or node.unset or node.written != node.value:
        return []
    pinned = {
        image
        for image in images
        if image_tag(image) and not moves(image) and without_tag(image) == without_tag(node.value)
    }
    return replace_scalar(node, pinned.pop()) if len(pinned) == 1 else []
