"""Something writes to the read-only root file system."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import complaints, found, inspected, logged, under, written
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import spoken_lines
from docker_agent.domains.diagnose.networks import remake
from docker_agent.domains.diagnose.reaching import TOLD_ELSEWHERE
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"read-only file ?system|EROFS", re.IGNORECASE)
KERNEL = re.compile(r"(?<![\w/])/(?:proc|sys)/|sysctl: ")
PATH = re.compile(r"(?<![\w/])(/[\w.@+-]+(?:/[\w.@+-]+)*)")


# Folders inside containers; nothing is opened here.
WRITABLE = (
    "/tmp",  # noqa: S108
    "/run",
    "/var/run",
    "/var/tmp",  # noqa: S108
    "/var/cache",
    "/var/log",
    "/var/lib/nginx",
)


@signature(code="ro-rootfs", area="storage")
def ro_rootfs(snapshot: Snapshot) -> Iterator[Finding]:
    """The service is `read_only: true` and writes to a path that is neither a volume nor a tmpfs.

    With the path under a read-only mount it is `ro-mount`; without `read_only` the host remounted its disk after an
    error, and many containers complain.
    A message without a container does not tell these apart; what the engine logs of itself (`level=`) is not about one.

    Seen
    ----
        touch: cannot touch '/var/cache/x': Read-only file system
        OSError: [Errno 30] Read-only file system: '/app/cache'
    """
    for container, line, _ in complaints(snapshot, PATTERN):
        if not container.read_only or any(under(line.text, mount.target) for mount in container.mounts):
            continue
        if KERNEL.search(line.text):
            continue
        yield found(
            snapshot,
            container,
            logged(snapshot, container, line),
            inspected(snapshot, container, "HostConfig.ReadonlyRootfs", "true"),
            written(snapshot, container, "read_only"),
            message="It writes to its read-only root file system.",
            cause="read_only: true lets it write to volumes and tmpfs mounts only.",
            fix="Add a tmpfs for that folder (/tmp, /run, a cache), or a volume if the data must stay.",
            confidence="certain" if snapshot.broken(container) else "possible",
        )
    for refusal in spoken_lines(snapshot, PATTERN, unless=TOLD_ELSEWHERE):
        if not KERNEL.search(refusal.match.string) and "level=" not in refusal.match.string:
            yield refusal.found(
                message="It writes to a file system that is read-only.",
                cause="The service has read_only: true or the mount ends with :ro; else the host's disk had an error.",
                fix="Add a tmpfs or a volume for that folder, or take :ro away; else read the host's kernel log (dmesg).",
                confidence="possible",
            )


@ro_rootfs.fix
def add_tmpfs(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """A tmpfs over the folder that was written to; none where that would hide the root or a folder of the system."""
    container = container_in(snapshot, finding)
    paths = PATH.findall(finding.evidence[0].quote)
    folder = next((path.rsplit("/", 1)[0] for path in paths if path.count("/") > 1), "")
    present = service_value(snapshot, container, "tmpfs")
    if not any(under(folder, each) for each in WRITABLE) or (present is not None and not isinstance(present, list)):
        return None
    if folder in (present or []):
        return remake(snapshot, finding, f"The file has a memory file system at {folder}, and the container not yet.")
    why = f"{folder} becomes a memory file system: writable, and empty again after each start."
    return recreate(snapshot, finding, {("tmpfs",): [*(present or []), folder]}, why, watch_s=3.0)
