"""Transactions wait for each other's locks, or two servers for one data folder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import Refusal, heard
from docker_agent.domains.diagnose.snapshot import Snapshot

POSTGRES = re.compile(r"ERROR: +(?:(?P<dead>deadlock detected)|canceling statement due to lock timeout)")
MYSQL = re.compile(r"(?P<dead>Deadlock found when trying to get lock)|Lock wait timeout exceeded")
SQLITE = re.compile(
    r"(?:OperationalError|SQLITE_BUSY|SQLSTATE\[HY000\]|Error): .{0,40}database (?:table )?is locked|SQLITE_BUSY"
)
TWO_SERVERS = re.compile(
    r'lock file "postmaster\.pid" already exists|Unable to lock \./ibdata1 error: 11'
    r"|Can't lock aria control file|Unable to lock \./\S+ error: 11"
)


@signature(code="pg-locks", area="resource")
def pg_locks(snapshot: Snapshot) -> Iterator[Finding]:
    """Transactions in PostgreSQL wait for each other's locks.

    In a deadlock one is ended; the log's DETAIL names both statements. A lock timeout means that another transaction
    held the lock too long, often one that is idle.

    Seen
    ----
        2026-11-26 18:00:00.000 UTC [71] ERROR:  deadlock detected
        ERROR:  canceling statement due to lock timeout
    """
    for refusal in heard(snapshot, POSTGRES):
        yield _locks(refusal, "See `pg_stat_activity` and `pg_blocking_pids()`")


@signature(code="mysql-locks", area="resource")
def mysql_locks(snapshot: Snapshot) -> Iterator[Finding]:
    """Transactions in MariaDB or MySQL wait for each other's locks.

    In a deadlock one is rolled back at once; a lock wait timeout comes after innodb_lock_wait_timeout, 50 seconds.

    Seen
    ----
        ERROR 1205 (HY000): Lock wait timeout exceeded; try restarting transaction
        ERROR 1213 (40001): Deadlock found when trying to get lock; try restarting transaction
    """
    for refusal in heard(snapshot, MYSQL):
        yield _locks(refusal, "See `SHOW ENGINE INNODB STATUS` and `SHOW PROCESSLIST`")


@signature(code="sqlite-locked", area="resource")
def sqlite_locked(snapshot: Snapshot) -> Iterator[Finding]:
    """Two processes write to one SQLite file at once.

    Several workers or replicas share the volume, or it lies on a network file system, whose locks do not hold.

    Seen
    ----
        sqlite3.OperationalError: database is locked
        Error: SQLITE_BUSY: database is locked
    """
    for refusal in heard(snapshot, SQLITE):
        yield refusal.found(
            refusal.written("volumes"),
            message="The SQLite file is locked by another process.",
            cause="Several workers or replicas write to it at once, or it lies on a network file system.",
            fix="Turn on WAL and a busy timeout, keep one writer, and keep the file on a local volume.",
            confidence="likely",
        )


@signature(code="db-two-servers", area="storage")
def db_two_servers(snapshot: Snapshot) -> Iterator[Finding]:
    """Two database servers want the same data folder.

    A second container, an old one or a scaled service mounts the same volume; that both start can destroy the data.

    Seen
    ----
        2026-11-26 18:00:00.000 UTC [1] FATAL:  lock file "postmaster.pid" already exists
        2026-11-26 18:00:00 0 [ERROR] InnoDB: Unable to lock ./ibdata1 error: 11
    """
    for refusal in heard(snapshot, TWO_SERVERS):
        container = refusal.container
        volumes = {mount.name for mount in container.mounts if mount.name} if container else set[str]()
        others = [
            each.name
            for each in (*snapshot.containers, *snapshot.others)
            if container and each.name != container.name and each.running
            if volumes & {mount.name for mount in each.mounts}
        ]
        yield refusal.found(
            refusal.written("volumes"),
            message=f"Another database server uses the same data folder{f': {others[0]}' if others else ''}.",
            cause="A second container mounts the same volume; a server that was killed may also have left its lock.",
            fix="Run one server for a volume, and none scaled; remove the lock only when surely none runs.",
            confidence="certain" if others else "likely",
        )


def _locks(refusal: Refusal, look: str) -> Finding:
    dead = bool(refusal.match["dead"])
    return refusal.found(
        message="Two transactions waited for each other, and one was ended."
        if dead
        else "A lock was waited for too long.",
        cause="They take the same locks in different order."
        if dead
        else "Another transaction holds it, perhaps an idle one.",
        fix=f"{'Take locks in one order and repeat what was ended' if dead else 'Keep transactions short'}. {look}.",
        confidence="likely",
    )
