"""The host's limit of file watches is used up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, logged, sure
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"number of file watchers reached|inotify_init\S*: Too many open files|upper limit on inotify|inotify_add_watch",
    re.IGNORECASE,
)


@signature(code="inotify-watches", area="resource")
def inotify_watches(snapshot: Snapshot) -> Iterator[Finding]:
    """The kernel's limit of watches or of watching programs is reached; all containers of a user share it.

    It says `no space left on device` or `too many open files`, but neither the disk nor the files are the matter.
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            message="No more files can be watched for changes.",
            cause="fs.inotify.max_user_watches or max_user_instances of the host is too low; containers share it.",
            fix="On the host: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024.",
            confidence=sure(snapshot, container),
        )
