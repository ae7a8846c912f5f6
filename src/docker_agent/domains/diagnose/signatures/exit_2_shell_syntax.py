"""A shell script has a syntax error."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, logged, search_log, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"syntax error|unexpected (?:end of file|EOF)|Illegal number|unterminated quoted string", re.IGNORECASE
)
CODES = (1, 2)


@signature(code="exit-2-shell-syntax", area="process")
def exit_2_shell_syntax(snapshot: Snapshot) -> Iterator[Finding]:
    """The shell could not read the script or the command line.

    The log names the line. "Can't fork" also ends a shell with 2: that is `pids-limit`.
    """
    for container, ending in ended(snapshot, *CODES):
        hit = search_log(snapshot, container, PATTERN)
        if not hit or container.error:
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, hit[0]),
            inspected(snapshot, container, "State.ExitCode", ending.code),
            written(snapshot, container, "command") or written(snapshot, container, "entrypoint"),
            message="The shell found a syntax error.",
            cause="The script or the command line is not valid for this shell (often bash syntax in /bin/sh).",
            fix="Check it with `sh -n`; in compose files write $$ for a dollar that the shell should see.",
            confidence="likely",
        )
