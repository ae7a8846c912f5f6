"""How databases look whose health check is refused and content, beside what is really missing."""

from __future__ import annotations

from tests.domains.diagnose.places import Case

CHECKED = {"health": "healthy", "health_test": ("CMD", "pg_isready", "-q", "-h", "127.0.0.1")}
ROOT = 'FATAL:  role "root" does not exist'
DENIED = "5 [Warning] Access denied for user 'root'@'{}' (using password: NO)"

FAILURES = {
    "no database, and a check": Case("pg-no-database", CHECKED, [ROOT, 'FATAL:  database "shop" does not exist', ROOT]),
    "no role of a client": Case("pg-no-database", {}, [f"psql: error: {ROOT}"]),
    "no password from elsewhere": Case("mysql-password", {"image": "mariadb:11"}, [DENIED.format("172.18.0.3")]),
}
HEALTHY = {
    "pg_isready that names no user": Case("", CHECKED, [ROOT, ROOT]),
    "mariadb-admin ping": Case(
        "", {"health": "healthy"}, [DENIED.format(host) for host in ("localhost", "127.0.0.1", "::1")]
    ),
}
