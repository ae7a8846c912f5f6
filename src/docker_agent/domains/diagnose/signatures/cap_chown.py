"""A capability was dropped that the start-up needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(chown|chgrp|setuid|setgid|setgroups|seteuid|mknod|setresuid).{0,120}operation not permitted", re.IGNORECASE
)


@signature(code="cap-chown", area="process")
def cap_chown(snapshot: Snapshot) -> Iterator[Finding]:
    """A capability was dropped that the start-up needs.

    `Operation not permitted` as root means a capability; `Permission denied` means a file's mode or owner
    (`perm-bind`).
    """
    for container, line, match in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "cap_drop") or written(snapshot, container, "security_opt"),
            message=f"A system call was refused: {match[1]}.",
            cause="cap_drop took CHOWN, SETUID, SETGID or another capability that the image's entrypoint uses.",
            fix=(
                "Add the one that is needed back with cap_add (CHOWN, SETUID, SETGID, DAC_OVERRIDE), or start as "
                "the final user."
            ),
            confidence="likely",
        )
