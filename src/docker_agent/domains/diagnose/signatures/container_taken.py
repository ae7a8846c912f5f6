"""A container's name is taken, or the container is just being removed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import inspected
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

NAME = re.compile(r'The container name "/(?P<name>[^"]+)" is already in use by container "(?P<id>[0-9a-f]+)"')
REMOVAL = re.compile(r"removal of container (?P<name>\S+) is already in progress")


@signature(code="name-conflict", area="process")
def name_conflict(snapshot: Snapshot) -> Iterator[Finding]:
    """A container of this name exists already.

    A stopped one counts too: it was left over from an earlier run, another project has the same `container_name`, or
    a service was renamed.

    Seen
    ----
        Error response from daemon: Conflict. The container name "/web" is already in use by container "bf7210467f48".
    """
    for refusal in spoken(snapshot, NAME):
        name, number = refusal.match["name"], refusal.match["id"]
        holder = next((each for each in (*snapshot.containers, *snapshot.others) if each.id.startswith(number)), None)
        yield refusal.found(
            inspected(snapshot, holder, "State.Status", holder.status) if holder else None,
            message=f"The name {name} belongs to container {number[:12]}.",
            cause="It was left over from an earlier run, or another project uses the same container_name.",
            fix=f"Rename it, or remove it if nothing of it is needed (docker rm {name}); compose: up --remove-orphans.",
        )


@signature(code="removal-in-progress", area="process")
def removal_in_progress(snapshot: Snapshot) -> Iterator[Finding]:
    """Somebody else is removing this container at this moment.

    Usually two commands at once; if it stays so, something holds one of its mounts (`device or resource busy` in the
    engine's log), and the container is `dead`.

    Seen
    ----
        Error response from daemon: removal of container web is already in progress
    """
    for refusal in spoken(snapshot, REMOVAL):
        yield refusal.found(
            message=f"{refusal.match['name']} is being removed already.",
            cause="Two removals ran at the same time, or the first one hangs on a mount that is in use.",
            fix="Wait and look again; if it stays, find who holds it: grep the container's id in /proc/*/mountinfo.",
            severity=Severity.WARN,
        )
