"""A database has no connection left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.snapshot import Snapshot

POSTGRES = re.compile(r"sorry, too many clients already|remaining connection slots are reserved for")
MYSQL = re.compile(r"\bToo many connections\b|has already more than 'max_user_connections'")
REDIS = re.compile(r"ERR max number of clients reached|You requested maxclients of (?P<asked>\d+) requiring")
WHY = "Applications open more connections than it has: several pools add up, or connections are not given back."


@signature(code="pg-connections", area="resource")
def pg_connections(snapshot: Snapshot) -> Iterator[Finding]:
    """PostgreSQL has no connection left.

    max_connections is 100 unless it is set; every replica's pool counts in full. The last slots are the superuser's.

    Seen
    ----
        psql: error: connection to server at "db" (172.18.0.2), port 5432 failed: FATAL:  sorry, too many clients already
        2026-11-26 18:00:00.000 UTC [91] FATAL:  remaining connection slots are reserved for non-replication superuser connections
    """
    for refusal in heard(snapshot, POSTGRES):
        yield refusal.found(
            refusal.written("command"),
            message="PostgreSQL has no connection left.",
            cause=WHY,
            fix="Make the pools smaller, or put PgBouncer before it; then raise max_connections, with memory for each.",
            confidence="likely",
        )


@signature(code="mysql-connections", area="resource")
def mysql_connections(snapshot: Snapshot) -> Iterator[Finding]:
    """MariaDB or MySQL has no connection left.

    max_connections is 151 unless it is set; one user's limit is max_user_connections.

    Seen
    ----
        ERROR 1040 (HY000): Too many connections
        ERROR 2026 (HY000): TLS/SSL error: Received error packet before completion of TLS handshake. The authenticity of the following error cannot be verified: 1040 - Too many connections
        2026-11-26 18:00:00 0 [Warning] Aborted connection 77 to db: 'shop' user: 'shop' (Too many connections)
    """
    for refusal in heard(snapshot, MYSQL):
        yield refusal.found(
            refusal.written("command"),
            message="The database has no connection left.",
            cause=WHY,
            fix="Make the pools smaller and wait_timeout shorter; then raise max_connections, with memory for each.",
            confidence="likely",
        )


@signature(code="redis-clients", area="resource")
def redis_clients(snapshot: Snapshot) -> Iterator[Finding]:
    """Redis has no connection left.

    maxclients is 10,000 unless it is set, and less where the container's limit of open files is lower: its log says so
    at the start.

    Seen
    ----
        (error) ERR max number of clients reached
        1:M 26 Nov 2026 18:00:00.000 # You requested maxclients of 10000 requiring at least 10032 max file descriptors.
    """
    for refusal in heard(snapshot, REDIS):
        asked = refusal.match["asked"]
        yield refusal.found(
            refusal.written("ulimits") if asked else refusal.written("command"),
            message="Redis may have fewer connections than it is set to." if asked else "Redis has no connection left.",
            cause="The container's limit of open files is lower than maxclients needs." if asked else WHY,
            fix="Raise ulimits.nofile, or lower maxclients." if asked else "Share connections; then raise maxclients.",
            confidence="likely",
        )
