"""The command is a file that cannot be executed, or a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in, rewrite
from docker_agent.domains.diagnose.messages import heard, refusals
from docker_agent.domains.diagnose.mounted import mounted_file, text_of
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?<!runc run failed: unable to start container process: )"
    r'exec: "(?P<what>[^"]+)":.*(permission denied|is a directory)'
)
INIT = re.compile(r"\[FATAL tini \(\d+\)\] exec (?P<what>\S{1,500}) failed: Permission denied")


@signature(code="exit-126-notexec", area="process")
def exit_126_notexec(snapshot: Snapshot) -> Iterator[Finding]:
    """The command is a file that cannot be executed, or a folder.

    The engine says so in State.Error and the container stays `created`; a command that fails later, inside a shell,
    is `exit-126-in-shell`. With `init: true` the container starts, ends with 126, and the init says so in its log.

    Seen
    ----
        [FATAL tini (6)] exec /srv/start.sh failed: Permission denied
        runc create failed: unable to start container process: exec: "/etc/passwd": permission denied
    """
    for refusal in (*refusals(snapshot, PATTERN), *heard(snapshot, INIT)):
        yield refusal.found(
            refusal.written("entrypoint") or refusal.written("command"),
            message=f"{refusal.match['what']} cannot be executed.",
            cause="The file has no execute permission, is a folder, or lies on a mount without exec.",
            fix="Make it executable where it is built (COPY --chmod=0755), or correct the path.",
        )


@exit_126_notexec.fix
def make_executable(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Give a script of the project, which the container has mounted, the permission to be executed."""
    container = container_in(snapshot, finding)
    first = next(iter((*container.entrypoint, *container.command)), "")
    path = mounted_file(snapshot, container, first)
    text = text_of(snapshot, path) if path else ""
    disk = snapshot.model.disk if snapshot.model else None
    if path is None or disk is None or not text.startswith("#!"):
        return None
    why = f"{path.name} is a script with a #! line, and only the permission to execute it is missing."
    return rewrite(snapshot, finding, path, text, why, mode=disk.mode(path) | 0o111)
