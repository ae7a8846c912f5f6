"""No service runs as root."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.deploy.picture import Picture, gate

ROOT = frozenset({"", "0", "root", "0:0", "root:root"})


@gate(6)
def users(picture: Picture) -> Iterator[Finding]:
    """Each service runs as a user of its own, by the file or by its image."""
    images = {service.name: picture.image(service) for service in picture.chosen()}
    for finding in picture.found("root_user", "user_unset", "dockerfile_root_user", "dockerfile_user_unset"):
        image = images.get(finding.object)
        if finding.code == "root_user" or image is None or image.user in ROOT:
            yield finding
