"""The program's interpreter or loader is missing, though the file is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, written
from docker_agent.domains.diagnose.mend import container_in, rewrite
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.mounted import mounted_file, text_of
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container

PATTERN = re.compile(r"^exec (?P<what>\S{1,500}): no such file or directory")
CAUSE = "Its #! line names a missing shell or ends with a carriage return, or the program's C library is missing."
FIX = "Install the shell or use /bin/sh, save the script with LF line ends, or link statically."


@signature(code="exec-no-such-file", area="process")
def exec_no_such_file(snapshot: Snapshot) -> Iterator[Finding]:
    """The program's interpreter or loader is missing, though the file is there.

    Only the log says it; State.Error is empty. Told from `exit-127-notfound` by that: there the file itself is
    missing.

    Seen
    ----
        exec /usr/local/bin/docker-entrypoint.sh: no such file or directory
        web-1  | exec /usr/local/bin/docker-entrypoint.sh: no such file or directory
    """
    for container, line, match in complaints(snapshot, PATTERN):
        script = _script(snapshot, container)
        returns = script is not None and script[1].split("\n", 1)[0].endswith("\r")
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            written(snapshot, container, "entrypoint") or written(snapshot, container, "command"),
            message=f"{match['what']} is there, but what runs it is not.",
            cause="Its #! line ends with a carriage return." if returns else CAUSE,
            fix=FIX,
            confidence="certain" if returns else "likely",
        )
    for refusal in spoken_lines(snapshot, PATTERN):
        yield refusal.found(
            message=f"{refusal.match['what']} is there, but what runs it is not.",
            cause=CAUSE,
            fix=FIX,
            confidence="likely",
        )


@exec_no_such_file.fix
def drop_returns(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Write a script of the project, which the container has mounted, with LF line ends."""
    container = container_in(snapshot, finding)
    script = _script(snapshot, container)
    disk = snapshot.model.disk if snapshot.model else None
    if script is None or disk is None or "\r\n" not in script[1]:
        return None
    path, text = script
    why = f"The kernel takes the carriage return at the end of the #! line of {path.name} for part of the name."
    return rewrite(snapshot, finding, path, text.replace("\r\n", "\n"), why, mode=disk.mode(path))


def _script(snapshot: Snapshot, container: Container) -> tuple[Path, str] | None:
    """The script of the project that the container was to run, with its text; None where it is none."""
    path = mounted_file(snapshot, container, next(iter((*container.entrypoint, *container.command)), ""))
    text = text_of(snapshot, path) if path else ""
    return (path, text) if path and text.startswith("#!") else None
