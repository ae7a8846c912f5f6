"""Redis refuses: a password is needed, memory is full, snapshots fail, or its file is of a newer version."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.databases import set_here
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

AUTH = re.compile(
    r"(?P<none>NOAUTH Authentication required)|(?P<wrong>WRONGPASS invalid username-password pair)"
    r"|AUTH <password> called without any password configured"
)
MEMORY = re.compile(r"OOM command not allowed when used memory > 'maxmemory'")
SNAPSHOT = re.compile(
    r"MISCONF Redis is configured to save RDB snapshots|Failed opening the temp RDB file|Background saving error"
)
VERSION = re.compile(r"Can't handle RDB format version (?P<version>\d+)")


@signature(code="redis-auth", area="storage")
def redis_auth(snapshot: Snapshot) -> Iterator[Finding]:
    """Redis and its client do not agree on a password.

    NOAUTH: the client sends none. WRONGPASS: another one. `without any password configured`: the server has none.

    Seen
    ----
        (error) NOAUTH Authentication required.
        redis.exceptions.AuthenticationError: WRONGPASS invalid username-password pair or user is disabled.
    """
    for refusal in heard(snapshot, AUTH):
        sends = "sends none" if refusal.match["none"] else "sends another one" if refusal.match["wrong"] else ""
        yield refusal.found(
            set_here(refusal, "REDIS_URL", "REDIS_PASSWORD"),
            message="Redis does not accept the client's password.",
            cause=f"Redis has a password, and the client {sends}." if sends else "Redis has no password set.",
            fix="Give the client the password of requirepass, as in redis://:PASSWORD@HOST:6379; or set both anew.",
            confidence="likely",
        )


@signature(code="redis-memory", area="resource")
def redis_memory(snapshot: Snapshot) -> Iterator[Finding]:
    """Redis is full and takes no more writes.

    maxmemory is reached, and maxmemory-policy is noeviction, as it is unless set.

    Seen
    ----
        (error) OOM command not allowed when used memory > 'maxmemory'.
    """
    for refusal in heard(snapshot, MEMORY):
        yield refusal.found(
            refusal.written("command"),
            message="Redis is full and takes no more writes.",
            cause="maxmemory is reached, and maxmemory-policy is noeviction.",
            fix="Raise maxmemory below the container's limit; for a cache set maxmemory-policy to allkeys-lru.",
        )


@signature(code="redis-snapshot", area="storage")
def redis_snapshot(snapshot: Snapshot) -> Iterator[Finding]:
    """Redis cannot write its snapshot, and takes no more writes for that.

    /data belongs to another user, is read-only, or its disk is full; or fork fails for memory.

    Seen
    ----
        (error) MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.
        1:M 26 Nov 2026 18:00:00.000 # Background saving error
    """
    for refusal in heard(snapshot, SNAPSHOT):
        yield refusal.found(
            refusal.written("volumes"),
            message="Redis cannot write its snapshot.",
            cause="Its folder belongs to another user, is read-only or full, or the fork fails for memory.",
            fix="Give /data to the redis user and make room; set vm.overcommit_memory=1 on the host.",
            confidence="likely",
        )


@signature(code="redis-version", area="storage")
def redis_version(snapshot: Snapshot) -> Iterator[Finding]:
    """Redis cannot read its file, which a newer version wrote.

    The image's tag went back, or another product (Valkey, KeyDB) took over the volume.

    Seen
    ----
        1:M 26 Nov 2026 18:00:00.000 # Can't handle RDB format version 12
    """
    for refusal in heard(snapshot, VERSION):
        yield refusal.found(
            refusal.written("image"),
            message=f"Redis cannot read its file: it has format {refusal.match['version']} of a newer version.",
            cause="The image is older than the one that wrote the volume.",
            fix="Use that version or a newer one again; the data is whole.",
        )
