"""The program's interpreter or loader is missing, though the file is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"^exec (?P<what>\S+): no such file or directory")


@signature(code="exec-no-such-file", area="process")
def exec_no_such_file(snapshot: Snapshot) -> Iterator[Finding]:
    """The program's interpreter or loader is missing, though the file is there.

    Only the log says it; State.Error is empty. Told from `exit-127-notfound` by that: there the file itself is
    missing.
    """
    for container, line, match in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "entrypoint") or written(snapshot, container, "command"),
            message=f"{match['what']} is there, but what runs it is not.",
            cause=(
                "The #! line names a missing shell or ends with a carriage return, or the program needs a C "
                "library that the image lacks."
            ),
            fix="Install the shell or use /bin/sh, save the script with LF line ends, or link statically.",
            confidence="likely",
        )
