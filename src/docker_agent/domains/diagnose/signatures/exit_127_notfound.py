"""The command does not exist in the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import failed_starts, found, inspected, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r'exec: "(?P<what>[^"]+)": (executable file not found in \$PATH|stat [^:]+: no such file)')


@signature(code="exit-127-notfound", area="process")
def exit_127_notfound(snapshot: Snapshot) -> Iterator[Finding]:
    """The command does not exist in the image.

    The engine says so in State.Error and the container stays `created`; a program missing inside a running
    script is `exit-127-in-shell`, a wrong mount `exit-127-mount`.
    """
    for container, match in failed_starts(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.Error", container.error),
            written(snapshot, container, "entrypoint") or written(snapshot, container, "command"),
            message=f"The program {match['what']} is not in the image.",
            cause=("The name is wrong, the program is not installed, or a whole command line was given as one word."),
            fix="Correct the command, use an absolute path, install the program, or write the words as a list.",
        )
