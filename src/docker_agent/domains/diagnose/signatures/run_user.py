"""The user that the container should run as is not in the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import failed_starts, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"unable to find (user|group) (?P<who>[^:]+): no matching entries")


@signature(code="run-user", area="process")
def run_user(snapshot: Snapshot) -> Iterator[Finding]:
    """The user that the container should run as is not in the image.

    The engine looks the name up in the image's own passwd and group files before it starts anything.
    """
    for container, match in failed_starts(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            written(snapshot, container, "user"),
            message=f"The user {match['who']} does not exist in the image.",
            cause="A name in `user:` or USER must be in /etc/passwd of the image.",
            fix="Use a number (1000:1000), or create the user in the Dockerfile.",
        )
