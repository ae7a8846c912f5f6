"""The engine lost the container: a reboot or a crash of the host or of the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import ended, found, inspected, search_log
from docker_agent.domains.diagnose.mend import container_in, recreate
from docker_agent.domains.diagnose.snapshot import Snapshot

CODE = 255
LAST_WORDS = re.compile(r"exec format error|no such file or directory|error|fatal", re.IGNORECASE)


@signature(code="exit-255-crash", area="process")
def exit_255_crash(snapshot: Snapshot) -> Iterator[Finding]:
    """The engine could not learn the exit code, because the host or the engine itself went down.

    The log has no last words. With the line `exec format error` the same code means `exit-255-exec-format`.
    """
    for container, ending in ended(snapshot, CODE):
        if ending.oom or container.error or search_log(snapshot, container, LAST_WORDS):
            continue
        yield found(
            snapshot,
            container,
            inspected(snapshot, container, "State.ExitCode", f"255, finished {container.finished_at[:19]}"),
            message="It ended with code 255 and said nothing.",
            cause="The host rebooted or the engine went down, so that nobody saw how the process ended.",
            fix="Start it again; set restart: unless-stopped so that it comes back by itself.",
            confidence="possible",
        )


@exit_255_crash.fix
def come_back(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """A restart policy, where there is none."""
    if container_in(snapshot, finding).restart_policy not in {"", "no"}:
        return None
    return recreate(snapshot, finding, {("restart",): "unless-stopped"}, "It comes back by itself after a reboot.")
