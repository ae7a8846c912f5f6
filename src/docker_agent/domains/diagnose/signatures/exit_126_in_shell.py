"""A script called a file that cannot be executed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, last_line, logged, search_log, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"(?<![\w./+-])(?P<what>[\w./+-]+): permission denied", re.IGNORECASE)
CODE = 126


@signature(code="exit-126-in-shell", area="process")
def exit_126_in_shell(snapshot: Snapshot) -> Iterator[Finding]:
    """A shell ran, but a file that its script calls has no execute permission.

    State.Error is empty; with State.Error set it is the command itself (`exit-126-notexec`).
    """
    for container, _ in ended(snapshot, CODE):
        if container.error:
            continue
        hit = search_log(snapshot, container, PATTERN)
        what = hit[1]["what"] if hit else "A file"
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", CODE),
            logged(snapshot, container, hit[0] if hit else last_line(snapshot, container)),
            written(snapshot, container, "command") or written(snapshot, container, "entrypoint"),
            message=f"{what} cannot be executed, so the script ended with 126.",
            cause="The file has no execute permission, or lies on a mount without exec.",
            fix="Make it executable where it is built (COPY --chmod=0755), or call it through its interpreter.",
            confidence="certain" if hit else "likely",
        )
