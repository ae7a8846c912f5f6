"""Stacks and services that swarm mode refuses, cannot place, or takes back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

V3 = re.compile(
    r"^[ \t]*(?P<what>services\.[^\s:]+ must be a (?:list|string|number|boolean|integer)[^\n]*"
    r"|(?:\(root\)|services\.\S+|volumes\.\S+|networks\.\S+) Additional property \S+ is not allowed)\s*$",
    re.MULTILINE,
)
IGNORED = re.compile(r"Ignoring unsupported options: (?P<keys>[\w., -]+)")
NO_IMAGE = re.compile(r"Rejected [^\n\"]{0,100}\"No such image: (?P<image>[^\"…\s]+)")
NO_NODE = re.compile(r"no suitable node \((?P<why>[^)\n]{1,200}?)(?: on \d+ nodes?)?\)")
TAKEN_BACK = re.compile(
    r"(?P<state>rollback_completed|rollback_started|rollback_paused|update paused|rolled back) ?"
    r"(?:due to failure or early termination of task (?P<task>\w+))?|\bState\"?:\s*\"?(?P<paused>paused)\b"
    # The command may miss the line that says why; before a rollback that somebody asked for there is no progress.
    r"|overall progress: \d+ out of \d+ tasks?\s(?:[^\n]{0,200}\n){0,5}?overall progress: rolling back update"
)
REASONS = {
    "scheduling constraints not satisfied": "No node has the labels, role or platform that the constraints ask for.",
    "insufficient resources": "No node has as much CPU, memory or generic resources (GPUs) left as it reserves.",
    "host-mode port already in use": "Every node has given the port, which is published in host mode, already.",
}


@signature(code="stack-depends", area="compose")
def stack_depends(snapshot: Snapshot) -> Iterator[Finding]:
    """`docker stack deploy` does not know what newer compose files may say.

    It reads the old format 3, in which `depends_on` is a list and `name:` at the top is unknown, while `docker compose`
    takes the same file. Where Compose itself refuses (`validating FILE:`), it is `cmp-schema`.

    Seen
    ----
        services.web.depends_on must be a list
        (root) Additional property name is not allowed
    """
    for said in spoken(snapshot, V3):
        yield said.found(
            message=f"docker stack deploy cannot read the file: {said.match['what']}.",
            cause="It takes the Compose format 3 only, not the Compose Specification.",
            fix="Write depends_on as a plain list, or take out what it names; Swarm starts all at once in any case.",
        )


@signature(code="stack-ignored", area="compose")
def stack_ignored(snapshot: Snapshot) -> Iterator[Finding]:
    """`docker stack deploy` leaves out keys that Swarm does not have.

    The stack is deployed without them: no build, no restart policy, no privileges. A warning only; a key that it cannot
    read at all is `stack-depends`.

    Seen
    ----
        Ignoring unsupported options: build, network_mode, privileged, restart
    """
    for said in spoken(snapshot, IGNORED):
        yield said.found(
            message=f"Swarm does not have these keys and leaves them out: {said.match['keys'].strip()}.",
            cause="They belong to docker compose; Swarm takes its own under deploy:.",
            fix="restart becomes deploy.restart_policy, build a pushed image, network_mode an overlay network.",
            severity=Severity.WARN,
        )


@signature(code="swarm-noimage", area="image")
def swarm_noimage(snapshot: Snapshot) -> Iterator[Finding]:
    r"""A node of the swarm rejects a task, because it has not the image and cannot pull it.

    Each node pulls for itself: an image that was only built on one, or a registry that needs a login, gives this again
    and again. The same words from `docker run` are `img-pull-never`.

    Seen
    ----
        a9i7iu6n1t3q  \_ web.1   shop/web:1   vm   Shutdown   Rejected 7 seconds ago   "No such image: shop/web:1"
    """
    for said in spoken(snapshot, NO_IMAGE):
        image = said.match["image"]
        yield said.found(
            message=f"A node has no image {image} and could not pull it.",
            cause="It is not in a registry that the nodes reach, the tag is wrong, or they may not log in.",
            fix="Push it, name it with its registry, and deploy with --with-registry-auth.",
            about=image,
        )


@signature(code="swarm-nonode", area="resource")
def swarm_nonode(snapshot: Snapshot) -> Iterator[Finding]:
    """A task of the swarm stays pending, because no node fits.

    The words in brackets say what none of them has. A task that was placed and then rejected is `swarm-noimage`.

    Seen
    ----
        web.1   shop/web:1   Running   Pending 13 seconds ago   "no suitable node (scheduling constraints not satisfied on 1 node)"
        web.1   shop/web:1   Running   Pending 13 seconds ago   "no suitable node (insufficient resources on 2 nodes)"
        web.1   shop/web:1   Running   Pending 9 seconds ago   "no suitable node (host-mode port already in use on 1 node)"
    """
    for said in spoken(snapshot, NO_NODE):
        why = said.match["why"]
        yield said.found(
            message=f"No node fits: {why}.",
            cause=next((text for key, text in REASONS.items() if key in why), "No node meets all that it asks for."),
            fix="Compare `docker node inspect` with the constraints and reservations under deploy:, and loosen them.",
        )


@signature(code="swarm-rollback", area="engine")
def swarm_rollback(snapshot: Snapshot) -> Iterator[Finding]:
    """An update of a swarm service failed, and the service runs on as it was before, or half of each.

    The command may end with code 0 all the same, since the service converged on the old version. Why the new tasks
    failed stands in `docker service ps --no-trunc`.

    Seen
    ----
        rollback: update rolled back due to failure or early termination of task a6047t7la8st1k9phbyyqkbaw
        {"State":"rollback_completed","Message":"rollback completed"}
        update paused due to failure or early termination of task mkucyebmww8vmuz5qww8za2l6
    """
    for said in spoken(snapshot, TAKEN_BACK):
        paused = "paused" in (said.match["state"] or said.match["paused"] or "")
        yield said.found(
            message=f"The update {'stopped half way' if paused else 'was rolled back'}: new tasks did not stay up.",
            cause="The new tasks ended or became unhealthy within the monitoring time.",
            fix="Read their errors (docker service ps --no-trunc) and logs, mend the new version, then update again.",
        )
