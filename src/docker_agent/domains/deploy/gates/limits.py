"""Every service has a limit of memory and of processors."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.deploy.picture import Picture, gate


@gate(5)
def limits(picture: Picture) -> Iterator[Finding]:
    """No service may take all of the machine."""
    yield from picture.found("memory_limit", "cpu_limit")
