"""The command does not exist in the image."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import heard, refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?<!exec failed: unable to start container process: )(?<!runc run failed: unable to start container process: )"
    r'exec: "(?P<what>[^"]+)": '
    r"(executable file not found in \$PATH|stat [^:]+: no such file)"
)
INIT = re.compile(r"\[FATAL tini \(\d+\)\] exec (?P<what>.{1,500}) failed: No such file or directory")


@signature(code="exit-127-notfound", area="process")
def exit_127_notfound(snapshot: Snapshot) -> Iterator[Finding]:
    """The command does not exist in the image.

    The engine says so in State.Error and the container stays `created`; a program missing inside a running script is
    `exit-127-in-shell`, a wrong mount `exit-127-mount`. With `init: true` the container starts, ends with 127, and the
    init says so in its log, also where the file is there and its interpreter is not.

    Seen
    ----
        [FATAL tini (7)] exec nosuch failed: No such file or directory
        runc create failed: unable to start container process: exec: "nosuch": executable file not found in $PATH
    """
    for refusal in (*refusals(snapshot, PATTERN), *heard(snapshot, INIT)):
        yield refusal.found(
            refusal.written("entrypoint") or refusal.written("command"),
            message=f"The program {refusal.match['what']} is not in the image.",
            cause=("The name is wrong, the program is not installed, or a whole command line was given as one word."),
            fix="Correct the command, use an absolute path, install the program, or write the words as a list.",
        )


@exit_127_notfound.fix
def split_words(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Make a list of words of a command line that was given as one word."""
    container = container_in(snapshot, finding)
    key = "entrypoint" if container.entrypoint else "command"
    words = container.entrypoint or container.command
    if not words or " " not in words[0].strip() or not isinstance(service_value(snapshot, container, key), list):
        return None
    try:
        split = shlex.split(words[0])
    except ValueError:
        return None
    why = f"{split[0]} is the program, and what follows are its arguments: each is an entry of the list."
    return recreate(snapshot, finding, {(key,): [*split, *words[1:]]}, why, watch_s=3.0)
