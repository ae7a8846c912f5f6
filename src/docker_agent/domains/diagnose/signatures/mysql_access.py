"""MariaDB or MySQL lets nobody in: a wrong password, a missing database, or none set for its first start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.databases import aged, is_database, set_here
from docker_agent.domains.diagnose.messages import heard, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

DENIED = r"Access denied for user '(?P<user>[^'@]{0,80})'@'(?P<host>[^']{0,255})' \(using password: (?P<given>YES|NO)\)"
PASSWORD = re.compile(DENIED)
# Health checks ping without a password, and that is well.
PINGED = r"Access denied for user '[^'@]{0,80}'@'(?:localhost|127\.0\.0\.1|::1)' \(using password: NO\)"
IN_LOG = re.compile(f"(?!{PINGED}){DENIED}")
MISSING = re.compile(r"Unknown database '(?P<name>[^']{1,64})'")
NONE_SET = re.compile(r"Database is uninitialized and password option is not specified")
OWN = ("MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD", "MARIADB_PASSWORD", "MYSQL_PASSWORD", "DATABASE_URL")


@signature(code="mysql-password", area="storage")
def mysql_password(snapshot: Snapshot) -> Iterator[Finding]:
    """MariaDB or MySQL does not accept the password.

    The variables with passwords count only when the data folder is empty: where the volume is older than the container,
    those of its first start still hold. `using password: NO` means that the client sent none.

    Seen
    ----
        ERROR 1045 (28000): Access denied for user 'shop'@'172.18.0.3' (using password: YES)
        2026-11-26 18:00:00 5 [Warning] Access denied for user 'root'@'localhost' (using password: NO)
    """
    in_logs = (refusal for refusal in heard(snapshot, IN_LOG) if refusal.container)
    for refusal in (*in_logs, *spoken(snapshot, PASSWORD)):
        user, given = refusal.match["user"], refusal.match["given"] == "YES"
        old, server = aged(refusal), is_database(refusal.container, "mysql")
        if not given:
            cause = "The client sent no password: its variable is empty or missing."
        elif old and server:
            cause = "Its volume is older than the container, and the variables count only for an empty one."
        else:
            cause = "It was changed after the volume was made, or client and server have different ones."
        yield refusal.found(
            old if given else None,
            set_here(refusal, *OWN),
            message=f"The database does not accept the password of {user or 'a nameless user'}.",
            cause=cause,
            fix=f"Set it in the database: ALTER USER '{user}'@'%' IDENTIFIED BY '...'; or use the old one."
            if given
            else "Give the client the password.",
            confidence="likely" if old or not server or not given else "possible",
        )


@signature(code="mysql-no-database", area="storage")
def mysql_no_database(snapshot: Snapshot) -> Iterator[Finding]:
    """A database that is asked for does not exist in MariaDB or MySQL.

    MARIADB_DATABASE and MYSQL_DATABASE count only when the data folder is empty.

    Seen
    ----
        ERROR 1049 (42000): Unknown database 'shop'
    """
    for refusal in heard(snapshot, MISSING):
        old = aged(refusal)
        yield refusal.found(
            old,
            set_here(refusal, "MARIADB_DATABASE", "MYSQL_DATABASE", "DATABASE_URL"),
            message=f"There is no database {refusal.match['name']}.",
            cause="The volume is older than the container, and databases are made only in an empty one."
            if old
            else "It was never made, or the name is wrong.",
            fix=f"CREATE DATABASE `{refusal.match['name']}` and grant its user all on it, or correct the name.",
            confidence="likely",
        )


@signature(code="mysql-no-password", area="storage")
def mysql_no_password(snapshot: Snapshot) -> Iterator[Finding]:
    """MariaDB or MySQL does not make its data folder without a word on root's password.

    It asks at its first start only; a variable that is set but empty is none.

    Seen
    ----
        2026-11-26 18:00:00+00:00 [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified
    """
    for refusal in heard(snapshot, NONE_SET):
        yield refusal.found(
            set_here(refusal, "MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD") or refusal.written("image"),
            message="The database does not start: no root password is set for its first start.",
            cause="MARIADB_ROOT_PASSWORD or MYSQL_ROOT_PASSWORD is missing or empty.",
            fix="Set it, or MARIADB_ROOT_PASSWORD_FILE with a secret, or MARIADB_RANDOM_ROOT_PASSWORD.",
            severity=Severity.ERROR,
        )
