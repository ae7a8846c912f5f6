"""PostgreSQL lets nobody in: a wrong password, a missing database or role, or none set for its first start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.databases import aged, is_database, set_here
from docker_agent.domains.diagnose.messages import Refusal, heard
from docker_agent.domains.diagnose.snapshot import Snapshot

PASSWORD = re.compile(r'password authentication failed for user "(?P<user>[^"]{1,63})"')
MISSING = re.compile(r'FATAL: +(?P<what>database|role) "(?P<name>[^"]{1,63})" does not exist')
MISSING_BUT_ROOT = re.compile(MISSING.pattern.replace('"(?P<name>', '"(?!root")(?P<name>'))
NONE_SET = re.compile(r"Database is uninitialized and superuser password is not specified")


@signature(code="pg-password", area="storage")
def pg_password(snapshot: Snapshot) -> Iterator[Finding]:
    """PostgreSQL does not accept the password.

    POSTGRES_PASSWORD counts only when the data folder is empty. Where the volume is older than the container, the
    password of its first start still holds, however often the variable is changed.

    Seen
    ----
        psql: error: connection to server at "db" (172.18.0.2), port 5432 failed: FATAL:  password authentication failed for user "shop"
        2026-11-26 18:00:00.000 UTC [71] FATAL:  password authentication failed for user "postgres"
    """
    for refusal in heard(snapshot, PASSWORD):
        old = aged(refusal)
        user = refusal.match["user"]
        server = is_database(refusal.container, "postgres")
        yield refusal.found(
            old,
            set_here(refusal, "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "DATABASE_URL", "PGPASSWORD"),
            message=f"PostgreSQL does not accept the password of {user}.",
            cause="Its volume is older than the container, and POSTGRES_PASSWORD counts only for an empty one."
            if old and server
            else "The password was changed after the volume was made, or client and server have different ones.",
            fix=f"Set it in the database: ALTER USER {user} PASSWORD '...' in psql inside the container; or use the old one.",
            confidence="likely" if old or not server else "possible",
        )


@signature(code="pg-no-database", area="storage")
def pg_no_database(snapshot: Snapshot) -> Iterator[Finding]:
    """A database or a role that is asked for does not exist in PostgreSQL.

    POSTGRES_DB and POSTGRES_USER count only when the data folder is empty; a name that was changed later is not made.
    A client that names none asks for a database that is called like its user. A health check with pg_isready that names
    no user asks as root, is refused, and is content.

    Seen
    ----
        psql: error: connection to server at "db" (172.18.0.2), port 5432 failed: FATAL:  database "shop" does not exist
        2026-11-26 18:00:00.000 UTC [71] FATAL:  role "shop" does not exist
    """
    for refusal in _asked_for(snapshot):
        what, name = refusal.match["what"], refusal.match["name"]
        old = aged(refusal)
        yield refusal.found(
            old,
            set_here(refusal, "POSTGRES_DB" if what == "database" else "POSTGRES_USER", "DATABASE_URL"),
            message=f"PostgreSQL has no {what} {name}.",
            cause=f"The volume is older than the container, and {what}s are made only in an empty one."
            if old
            else f"It was never made, or the client means another {what}; a health check without -d asks for its user's.",
            fix=f"Make it: CREATE {what.upper()} {name}{' LOGIN' if what == 'role' else ''} in psql, or correct the name.",
            confidence="likely",
        )


@signature(code="pg-no-password", area="storage")
def pg_no_password(snapshot: Snapshot) -> Iterator[Finding]:
    """PostgreSQL does not make its data folder without a password for the superuser.

    It asks for one at its first start only; a variable that is set but empty is none.

    Seen
    ----
        Error: Database is uninitialized and superuser password is not specified.
    """
    for refusal in heard(snapshot, NONE_SET):
        yield refusal.found(
            set_here(refusal, "POSTGRES_PASSWORD") or refusal.written("image"),
            message="PostgreSQL does not start: no password is set for its first start.",
            cause="POSTGRES_PASSWORD is missing or empty; perhaps a variable in the compose file has no value.",
            fix="Set POSTGRES_PASSWORD, or POSTGRES_PASSWORD_FILE with a secret.",
            severity=Severity.ERROR,
        )


def _asked_for(snapshot: Snapshot) -> Iterator[Refusal]:
    """Refusals of names, without those that a server's own health check is content with."""
    checked: set[str] = set()
    for refusal in heard(snapshot, MISSING):
        container = refusal.container
        if container and refusal.match["name"] == "root" and "pg_isready" in " ".join(container.health_test):
            checked.add(container.name)
        else:
            yield refusal
    for refusal in heard(snapshot, MISSING_BUT_ROOT) if checked else ():
        if refusal.container and refusal.container.name in checked:
            yield refusal
