"""A limit of the host for programs that watch files is used up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import sure
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"number of file watchers reached|watch[^\n]{0,80}No space left on device",
    re.IGNORECASE,
)
INSTANCES = re.compile(r"inotify_init[^\n]{0,120}Too many open files|inotify instances|limit on inotify", re.IGNORECASE)


@signature(code="inotify-watches", area="resource")
def inotify_watches(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel's limit of watched files is reached; all containers of a user share it.

    It says `no space left on device`, but the disk is not the matter. The limit of watching programs is
    `inotify-instances`.

    Seen
    ----
        Error: ENOSPC: System limit for number of file watchers reached, watch '/app/src'
    """
    for refusal in heard(snapshot, PATTERN):
        yield refusal.found(
            message="No more files can be watched for changes.",
            cause="fs.inotify.max_user_watches of the host is too low; containers share it.",
            fix="On the host: sysctl -w fs.inotify.max_user_watches=524288, and the same in /etc/sysctl.d.",
            confidence=sure(snapshot, refusal.container) if refusal.container else "likely",
        )


@signature(code="inotify-instances", area="resource")
def inotify_instances(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel's limit of programs that watch files is reached; all containers of a user share it.

    It says `too many open files`, but the ulimit of open files (`nofile`) is not the matter. The limit of watched
    files is `inotify-watches`.

    Seen
    ----
        inotify_init: Too many open files
        Failed to watch /etc; upper limit on inotify instances reached
    """
    for refusal in heard(snapshot, INSTANCES):
        yield refusal.found(
            message="No further program may watch files for changes.",
            cause="fs.inotify.max_user_instances of the host (128 by default) is used up; containers share it.",
            fix="On the host: sysctl -w fs.inotify.max_user_instances=1024, and the same in /etc/sysctl.d.",
            confidence=sure(snapshot, refusal.container) if refusal.container else "likely",
        )
