"""A program reads its limits where the other version of cgroups keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"(?P<path>/sys/fs/cgroup/[\w./-]{1,100})\W?[^\n]{0,40}no such file or directory", re.IGNORECASE)


@signature(code="cgroup-version", area="engine")
def cgroup_version(snapshot: Snapshot) -> Iterator[Finding]:
    """A program looks for its limits in a file that this host's version of cgroups does not have.

    Version 1 has memory/memory.limit_in_bytes, version 2 memory.max. Old Java (before 8u372, 11.0.16, 15), Node
    before 20 and old monitoring read the wrong one and then take the whole host's memory for theirs, which ends in
    `exit-137-oom`.

    Seen
    ----
        cat: can't open '/sys/fs/cgroup/memory.max': No such file or directory
        open /sys/fs/cgroup/memory/memory.limit_in_bytes: no such file or directory
    """
    version = snapshot.engine.cgroup_version if snapshot.engine else ""
    for refusal in heard(snapshot, PATTERN):
        yield refusal.found(
            Evidence(source="inspect", where="engine CgroupVersion", quote=version) if version else None,
            message=f"{refusal.match['path']} is not there: this host has cgroups of {version or 'the other'} version.",
            cause="The program was written for the other version of cgroups.",
            fix="Update it (Java 8u372, 11.0.16, 15; Node 20; the monitoring), or give it its limits by hand (-Xmx).",
            confidence="likely",
        )
