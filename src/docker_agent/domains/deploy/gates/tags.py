"""Every image has a tag that stays what it is."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.deploy.picture import ERROR, Picture, gate


@gate(3, dev=ERROR, staging=ERROR)
def tags(picture: Picture) -> Iterator[Finding]:
    """No image goes without a tag or with one that moves, unless it is built here."""
    built = {service.name for service in picture.chosen() if service.build}
    yield from (each for each in picture.found("unpinned_image") if each.object not in built)
