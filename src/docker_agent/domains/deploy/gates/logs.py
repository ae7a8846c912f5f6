"""No log grows without an end."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.deploy.picture import Picture, gate


@gate(8)
def logs(picture: Picture) -> Iterator[Finding]:
    """Each service's log is rotated."""
    yield from picture.found("log_rotation_missing")
