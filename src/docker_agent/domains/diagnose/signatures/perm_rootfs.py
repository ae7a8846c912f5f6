"""A path of the image belongs to another user."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, inspected, logged, sure, under, written
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.reaching import TOLD_ELSEWHERE
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"permission denied|EACCES", re.IGNORECASE)
PATH = re.compile(r"(?<![\w./@+-])/[\w./@+-]+")
NOT_FILES = re.compile(r"bind|listen|connect|docker.sock", re.IGNORECASE)
PROGRAM = re.compile(r"sh: |\bexec\b|/(?:dev|proc|sys)/|nvidia|kfd", re.IGNORECASE)
IN_SHELL = 126


@signature(code="perm-rootfs", area="storage")
def perm_rootfs(snapshot: Snapshot) -> Iterator[Finding]:
    """The container runs as a normal user and the path in the message is the image's own, made by root.

    Under a mount it is `perm-bind` or `perm-named-volume`; a program without execute permission is `exit-126-in-shell`.
    A message without a container does not tell these apart.

    Seen
    ----
        mkdir: cannot create directory '/data/cache': Permission denied
        Error: EACCES: permission denied, open '/app/data/db.json'
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        path = PATH.search(line.text[:1_000])
        if (
            path is None
            or container.user in {"", "0", "root"}
            or any(under(line.text, mount.target) for mount in container.mounts)
        ):
            continue
        if NOT_FILES.search(line.text) or container.exit_code == IN_SHELL:
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, "Config.User", container.user),
            written(snapshot, container, "user"),
            message=f"It may not use {path[0].rstrip('.')} as user {container.user}.",
            cause="The image's files belong to root, and the service runs as a normal user.",
            fix="Use COPY --chown in the Dockerfile, or a volume or tmpfs for what is written.",
            confidence=sure(snapshot, container),
        )
    for refusal in spoken_lines(snapshot, PATTERN, unless=TOLD_ELSEWHERE):
        path, line = PATH.search(refusal.match.string), refusal.match.string
        if path and not NOT_FILES.search(line) and not PROGRAM.search(line):
            yield refusal.found(
                message=f"The process may not use {path[0].rstrip('.')}.",
                cause="The path belongs to another user than the container's: in the image, a volume or a bind mount.",
                fix="Use COPY --chown in the image; for a mount set `user:` to its owner or chown it; never chmod 777.",
                confidence="possible",
            )
