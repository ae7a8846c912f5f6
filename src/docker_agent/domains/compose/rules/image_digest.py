"""Images named by a tag that can be moved."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_tag, moves
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="security", hardening=True)
def image_digest(model: ComposeModel) -> Iterator[Finding]:
    """An image is named by a version tag without a digest.

    Why
    ---
    A tag is a label that its owner, or whoever has the owner's registry password, can move to other bits: the same file
    then starts another program on the next host. A digest names the bits themselves, so that every host runs what was
    tested, and a registry or mirror cannot hand out anything else.

    It has a price: a digest also keeps security updates out. Without a bot that renews it (Renovate, Dependabot) a
    plain version tag is the better choice, which is why the severity stays the same in production.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2

    Fine
    ----
        services:
          db:
            image: postgres:17.2@sha256:0aaab8b1e5ae0eb96b6b6ae0a0a4f9a3bd2b1f0d9c3a1d4b5e6f708192a3b4c5
          app:
            build: .
            image: shop/app:1.4

    Instead
    -------
    Write `name:tag@sha256:...`; the tag stays for people. `docker buildx imagetools inspect NAME:TAG` prints the digest
    for all platforms.

    See
    ---
    unpinned_image, which speaks of images without a version · OWASP Docker Security Cheat Sheet, rule 13
    """
    for service in model.services.values():
        image = known_item(service, "image")
        if image is None or service.build or "@" in service.image:
            continue
        if image_tag(service.image) and not moves(service.image):
            yield fault(
                model,
                image.place,
                service.name,
                f"{service.name} names {service.image} by a tag that can be moved.",
                "Add the digest: docker buildx imagetools inspect prints it.",
            )
