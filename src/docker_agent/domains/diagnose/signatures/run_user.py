"""The user that a container, or a command in it, should run as is not in the image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"unable to find (user|group) (?P<who>[^:\n]+): no matching entries in \w+ file")
ALONE = re.compile(rf"\A(?:Error response from daemon: )?{PATTERN.pattern}\s*\Z")


@signature(code="run-user", area="process")
def run_user(snapshot: Snapshot) -> Iterator[Finding]:
    """The user that the container should run as is not in the image.

    The engine looks the name up in the image's own passwd and group files before it starts anything. Where the
    message says nothing of a start, a command in a running container was meant: `exec-user`.

    Seen
    ----
        docker: Error response from daemon: unable to find user nosuch: no matching entries in passwd file
    """
    for refusal in refusals(snapshot, PATTERN):
        if refusal.container is None and ALONE.match(refusal.match.string):
            continue
        yield refusal.found(
            refusal.written("user"),
            message=f"The user {refusal.match['who']} does not exist in the image.",
            cause="A name in `user:` or USER must be in /etc/passwd of the image.",
            fix="Use a number (1000:1000), or create the user in the Dockerfile.",
        )


@signature(code="exec-user", area="process")
def exec_user(snapshot: Snapshot) -> Iterator[Finding]:
    """The user asked for with `docker exec -u` is not in the container.

    Nothing else stands in the message. With `docker:` before it, or `failed to start containers` after it, the
    container's own user is missing and it does not start: `run-user`.

    Seen
    ----
        Error response from daemon: unable to find user nosuch: no matching entries in passwd file
    """
    for refusal in spoken(snapshot, ALONE):
        yield refusal.found(
            message=f"There is no user {refusal.match['who']} in the container.",
            cause="A name must be in the container's own /etc/passwd or /etc/group.",
            fix="Give numbers (-u 1000:1000), or a user that `docker exec X cat /etc/passwd` shows.",
        )
