"""A limit of the host's kernel, or of locked memory, stops an application at its start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import recreate
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

MEMLOCK = re.compile(
    r"memory locking requested[^\n]*memory is not locked"
    r"|\b(?:mlock(?:all)?|ibv_reg_mr)\b[^\n]{0,80}cannot allocate memory"
    r"|unable to lock JVM memory",
    re.IGNORECASE,
)
MAPS = re.compile(r"max virtual memory areas vm\.max_map_count \[(?P<now>\d+)\] (?:is too low|likely too low)")
LIBSECCOMP = re.compile(
    r"pthread_create failed: Operation not permitted|\b(?:clone3|faccessat2)\b[^\n]{0,80}operation not permitted"
    r"|at least one invalid signature was encountered",
    re.IGNORECASE,
)


@signature(code="memlock", area="resource")
def memlock(snapshot: Snapshot) -> Iterator[Finding]:
    """The application may not lock its memory.

    `Cannot allocate memory` here is no lack of memory: it comes from mlock, and the limit is the ulimit memlock.

    Seen
    ----
        memory locking requested for elasticsearch process but memory is not locked
        mlockall: Cannot allocate memory
    """
    for refusal in heard(snapshot, MEMLOCK):
        yield refusal.found(
            refusal.written("ulimits"),
            message="It may not lock its memory.",
            cause="The ulimit memlock is too low.",
            fix="Set ulimits: memlock: -1 (soft and hard).",
            confidence="likely",
        )


@memlock.fix
def lock_freely(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """No limit on locked memory; the memory limit still holds."""
    why = "Locked memory has no limit of its own any more; mem_limit still holds."
    return recreate(snapshot, finding, {("ulimits", "memlock"): -1}, why, watch_s=3.0)


@signature(code="vm-max-map", area="resource")
def vm_max_map(snapshot: Snapshot) -> Iterator[Finding]:
    """The host allows fewer memory maps than the application demands.

    Elasticsearch and OpenSearch check it at their start and end. It is a setting of the host, not of a container:
    under sysctls: it cannot be set.

    Seen
    ----
        max virtual memory areas vm.max_map_count [65530] is too low, increase to at least [262144]
    """
    for refusal in heard(snapshot, MAPS):
        yield refusal.found(
            message=f"The host's vm.max_map_count is {refusal.match['now']}, which is too low for it.",
            cause="The kernel's default is 65530; search engines map many files.",
            fix="On the host: sysctl -w vm.max_map_count=262144, and the same in /etc/sysctl.d to keep it.",
        )


@signature(code="seccomp-old-libseccomp", area="engine")
def seccomp_old_libseccomp(snapshot: Snapshot) -> Iterator[Finding]:
    """A new image fails on an old host: its C library uses system calls that the host's libseccomp does not know.

    Basic things fail with `Operation not permitted` (new threads, tests for files, apt's signatures), while the same
    image works elsewhere. A single special call is `seccomp`.

    Seen
    ----
        runtime/cgo: pthread_create failed: Operation not permitted
        clone3: Operation not permitted
    """
    for refusal in heard(snapshot, LIBSECCOMP):
        yield refusal.found(
            message="The host refuses system calls that this image's C library needs.",
            cause="The engine, runc or libseccomp of the host are older than the image.",
            fix="Update Docker, runc and libseccomp on the host, or use an image of an older release.",
            confidence="likely",
        )
