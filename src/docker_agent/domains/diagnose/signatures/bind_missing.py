"""A folder of the host that is to be mounted does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import start_for_path

PATTERN = re.compile(r"bind source path does not exist: (?P<path>[^\n]+)")


@signature(code="bind-missing", area="storage")
def bind_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """A file or folder of the host that is to be mounted does not exist.

    Only --mount, the long form with `create_host_path: false`, secrets and configs say so; the short form makes an
    empty folder in its place, which is `exit-127-mount` where a file was meant. Behind a named volume it is
    `vol-bind-opt`.

    Seen
    ----
        Error response from daemon: invalid mount config for type "bind": bind source path does not exist: /nope
    """
    for refusal in refusals(snapshot, PATTERN):
        path = refusal.match["path"].strip()
        yield refusal.found(
            refusal.written("volumes"),
            message=f"{path} is to be mounted, but the host has no such path.",
            cause="It is misspelt, relative to another folder, or on the client's machine instead of the engine's.",
            fix="Create it on the machine where the engine runs, with the right owner, or correct the path.",
        )


@bind_missing.fix
def start_again(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Start it, where the path has been made since."""
    container = container_in(snapshot, finding)
    match = PATTERN.search(container.error)
    return start_for_path(snapshot, finding, match["path"].strip()) if match else None
