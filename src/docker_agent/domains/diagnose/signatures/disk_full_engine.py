"""The disk of the engine itself is full."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?:Error response from daemon|error processing tar|failed to|ERROR:|\b(?:write|mkdir|open) /)"
    r"(?![^\n]{0,200}(?:watch|shared memory))[^\n]{0,500}no space left on device",
    re.IGNORECASE,
)


@signature(code="disk-full-engine", area="storage")
def disk_full_engine(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine has no space left in its data folder for images, layers, containers or the build cache.

    The engine says it (load, pull, build, commit, start), not a program in a container (`disk-full-container`).
    Running as root it goes on for a while with the file system's reserve, so containers may still start.

    Seen
    ----
        Error response from daemon: write /var/lib/docker/tmp/docker-import-1/layer.tar: no space left on device
        failed to register layer: write /usr/bin/python3: no space left on device
        ERROR: failed to solve: failed to copy files: copy file range failed: no space left on device
        Error processing tar file(exit status 1): write /app: no space left on device
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            message="The engine's data folder is full.",
            cause="Images, build cache, volumes, logs or other data fill the disk under the engine's data folder.",
            fix="See what takes the space (disk tools, docker system df), prune by a rule, or move or grow the disk.",
        )
