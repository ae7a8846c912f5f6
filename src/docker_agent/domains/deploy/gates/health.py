"""Every service has a health check."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.deploy.picture import ERROR, Picture, gate

OFF = (("NONE",), ())


@gate(7, staging=ERROR)
def health(picture: Picture) -> Iterator[Finding]:
    """Each service can be asked whether it works, by the file or by its image."""
    images = {service.name: picture.image(service) for service in picture.chosen()}
    for finding in picture.found("healthcheck_missing", "healthy_without_healthcheck"):
        image = images.get(finding.object)
        if image is None or image.health_test in OFF:
            yield finding
