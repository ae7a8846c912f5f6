"""The command does not exist in the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?<!exec failed: unable to start container process: )(?<!runc run failed: unable to start container process: )"
    r'exec: "(?P<what>[^"]+)": '
    r"(executable file not found in \$PATH|stat [^:]+: no such file)"
)


@signature(code="exit-127-notfound", area="process")
def exit_127_notfound(snapshot: Snapshot) -> Iterator[Finding]:
    """The command does not exist in the image.

    The engine says so in State.Error and the container stays `created`; a program missing inside a running script is
    `exit-127-in-shell`, a wrong mount `exit-127-mount`.

    Seen
    ----
        runc create failed: unable to start container process: exec: "nosuch": executable file not found in $PATH
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("entrypoint") or refusal.written("command"),
            message=f"The program {refusal.match['what']} is not in the image.",
            cause=("The name is wrong, the program is not installed, or a whole command line was given as one word."),
            fix="Correct the command, use an absolute path, install the program, or write the words as a list.",
        )
