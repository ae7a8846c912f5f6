"""A script called a program that is not in the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, last_line, logged, search_log, written
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"(?<![\w./+-])(?P<what>[\w./+-]+): (?:command )?not found\s*$")
CODE = 127


@signature(code="exit-127-in-shell", area="process")
def exit_127_in_shell(snapshot: Snapshot) -> Iterator[Finding]:
    """A shell ran, but a program that its script calls is missing.

    State.Error is empty and the log names the program; with State.Error set the command itself is missing
    (`exit-127-notfound`).
    """
    for container, _ in ended(snapshot, CODE):
        if container.error:
            continue
        hit = search_log(snapshot, container, PATTERN)
        what = hit[1]["what"] if hit else "A program"
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", CODE),
            logged(snapshot, container, hit[0] if hit else last_line(snapshot, container)),
            written(snapshot, container, "command") or written(snapshot, container, "entrypoint"),
            message=f"{what} is missing in the image, so the script ended with 127.",
            cause="The script calls a program that is not installed, or that is not on PATH.",
            fix="Install it in the Dockerfile, or call what the image has.",
            confidence="certain" if hit else "likely",
        )
