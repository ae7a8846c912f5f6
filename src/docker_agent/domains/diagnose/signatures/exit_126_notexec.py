"""The command is a file that cannot be executed, or a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?<!runc run failed: unable to start container process: )"
    r'exec: "(?P<what>[^"]+)":.*(permission denied|is a directory)'
)


@signature(code="exit-126-notexec", area="process")
def exit_126_notexec(snapshot: Snapshot) -> Iterator[Finding]:
    """The command is a file that cannot be executed, or a folder.

    The engine says so in State.Error and the container stays `created`; a command that fails later, inside a shell,
    is `exit-126-in-shell`.

    Seen
    ----
        runc create failed: unable to start container process: exec: "/etc/passwd": permission denied
    """
    for refusal in refusals(snapshot, PATTERN):
        yield refusal.found(
            refusal.written("entrypoint") or refusal.written("command"),
            message=f"{refusal.match['what']} cannot be executed.",
            cause="The file has no execute permission, is a folder, or lies on a mount without exec.",
            fix="Make it executable where it is built (COPY --chmod=0755), or correct the path.",
        )
