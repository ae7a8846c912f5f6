"""Databases get the time that they need to stop."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.deploy.picture import WARN, Picture, gate


@gate(12, production=WARN)
def stop_grace(picture: Picture) -> Iterator[Finding]:
    """No database is killed while it still writes when its container is made new."""
    yield from picture.found("stop_grace_missing", "stop_grace_short")
