"""A capability was dropped that the start-up needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, was_dropped, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

PATTERN = re.compile(
    r"(chown|chgrp|setuid|setgid|setgroups|seteuid|mknod|setresuid).{0,120}operation not permitted", re.IGNORECASE
)
# Which capabilities a refused call needs; who changes the user changes the groups as well.
NEEDS = {"chown": ("CHOWN",), "chgrp": ("CHOWN",), "mknod": ("MKNOD",)}
CHANGES_USER = ("SETGID", "SETUID")
ROOT = frozenset({"", "0", "root"})


@signature(code="cap-chown", area="process")
def cap_chown(snapshot: Snapshot) -> Iterator[Finding]:
    """A capability was dropped that the start-up needs.

    `Operation not permitted` as root means a capability, where the container's settings took it; `Permission denied`
    means a file's mode or owner (`perm-bind`).
    """
    for container, line, match in complaints(snapshot, PATTERN):
        if not _taken(container, match[1]):
            continue
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


@cap_chown.fix
def give_back(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Add back what the refused call needs and nothing more, where it was dropped from root."""
    container = container_in(snapshot, finding)
    call = next((match[1].lower() for each, _, match in complaints(snapshot, PATTERN) if each is container), "")
    added: list[str] = service_value(snapshot, container, "cap_add") or []
    have = {each.upper().removeprefix("CAP_") for each in added}
    needed = [each for each in _taken(container, call) if not have & {"ALL", each}]
    if not call or not needed or container.user.partition(":")[0] not in ROOT:
        return None
    why = f"{call} needs {' and '.join(needed)}, which cap_drop took; everything else stays dropped."
    return recreate(snapshot, finding, {("cap_add",): [*added, *needed]}, why, watch_s=3.0)


def _taken(container: Container, call: str) -> list[str]:
    """The capabilities that a call needs and that were dropped."""
    return [each for each in NEEDS.get(call.lower(), CHANGES_USER) if was_dropped(container, each)]
