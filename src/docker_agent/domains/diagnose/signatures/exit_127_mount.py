"""A file is mounted onto a folder or a folder onto a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"not a directory: Are you trying to mount a directory onto a file")


@signature(code="exit-127-mount", area="storage")
def exit_127_mount(snapshot: Snapshot) -> Iterator[Finding]:
    """A file is mounted onto a folder or a folder onto a file.

    The engine names both sides in State.Error. Usually the file on the host was missing and the engine made an empty
    folder of its name.

    Seen
    ----
        not a directory: Are you trying to mount a directory onto a file (or vice-versa)?
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("volumes"),
            message="A mount puts a folder onto a file, or a file onto a folder.",
            cause=(
                "The file on the host side was missing when the container was first made, so the engine made a "
                "folder there."
            ),
            fix=(
                "Remove the empty folder, put the real file there, and recreate; with `type: bind` a missing file "
                "is an error at once."
            ),
        )
