"""The policies of the project context hold."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.domains.deploy.picture import ERROR, Picture, gate


@gate(2, dev=ERROR, staging=ERROR)
def policies(picture: Picture) -> Iterator[Finding]:
    """No rule that the project names is broken; a comment in a file does not silence these."""
    named = picture.ws.context.policies
    judged = picture.judged
    yield from (each for each in (*judged.findings, *judged.suppressed) if each.code in named)
