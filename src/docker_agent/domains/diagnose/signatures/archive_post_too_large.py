"""An upload of files into a container is refused for its content type."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"http: POST too large")


@signature(code="archive-post-too-large", area="engine")
def archive_post_too_large(snapshot: Snapshot) -> Iterator[Finding]:
    """An archive was sent to the engine as if it were a web form, and forms end at 10 MB.

    The size is no limit of the engine: with the right content type any size passes. curl sends a form by default.

    Seen
    ----
        {"message":"http: POST too large"}
    """
    for refusal in spoken(snapshot, PATTERN):
        yield refusal.found(
            message="The archive was sent as a form and is too large for one.",
            cause="The request carries the content type of a form, of which the engine reads 10 MB at most.",
            fix="Send the header Content-Type: application/x-tar (curl -H, -T instead of --data-binary).",
        )
