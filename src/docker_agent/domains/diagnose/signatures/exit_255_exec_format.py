"""The program is built for another processor, or is no program at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"exec (?P<what>\S+): exec format error")


@signature(code="exit-255-exec-format", area="process")
def exit_255_exec_format(snapshot: Snapshot) -> Iterator[Finding]:
    """The program is built for another processor, or is no program at all.

    State.Error is empty and the text is only in the log; the exit code is 255 or, with older runtimes, 1. An
    interpreter that is missing says `no such file or directory` (`exec-no-such-file`).
    """
    for container, line, match in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "platform") or written(snapshot, container, "image"),
            message=f"{match['what']} cannot be run by this processor.",
            cause=(
                "The image is for another architecture, or a script lacks its first line #! (or has a byte order "
                "mark before it)."
            ),
            fix="Build or pull for this platform (`platform: linux/amd64`), or add the #! line.",
            confidence="certain",
        )
