"""What databases refuse, said by real PostgreSQL, MariaDB and Redis, each recognised by its own signature."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from tests.lab import fixtures, images
from tests.live.failures import Broken, broken_project, check, docker, explained

from docker_agent.core.finding import Finding
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-database"
OLD_POSTGRES, OLD_MARIADB, NEWER, FOREIGN = (f"{PROJECT}-{name}" for name in ("pg", "maria", "newer", "foreign"))
REFUSED = "[ERROR] --initialize specified but the data directory has files in it. Aborting."
LATE = 'entrypoint: ["sh", "-c", "sleep 4; exec docker-entrypoint.sh mariadbd"]'
FEW = 'command: ["postgres", "-c", "max_connections=4", "-c", "superuser_reserved_connections=1"]'


def postgres(more: str = "", volume: str = "") -> str:
    """A PostgreSQL with a password, and perhaps with a volume that was there before."""
    mounted = f', volumes: ["{volume}:/var/lib/postgresql/data"]' if volume else ""
    body = 'image: "docker-agent-lab/postgres:15", environment: {POSTGRES_PASSWORD: new}'
    return f"{body}{mounted}{more and ', '}{more}"


def mariadb(more: str = "", volume: str = "") -> str:
    """A MariaDB with a password, and perhaps with a volume that was there before."""
    mounted = f', volumes: ["{volume}:/var/lib/mysql"]' if volume else ""
    body = 'image: "docker-agent-lab/mariadb:10.11", environment: {MARIADB_ROOT_PASSWORD: new}'
    return f"{body}{mounted}{more and ', '}{more}"


def redis(command: str) -> str:
    """A Redis with this command."""
    return f'image: "docker-agent-lab/redis:7", command: [{command}]'


CASES = {
    "pgold": Broken("pg-password", postgres(volume="oldpg")),
    "pgnodb": Broken("pg-no-database", postgres()),
    "pgnone": Broken("pg-no-password", 'image: "docker-agent-lab/postgres:15"'),
    "pgversion": Broken("pg-version", postgres(volume="newer")),
    "pgowner": Broken("pg-datadir-perm", postgres('user: "999:999"', "foreign")),
    "pgfull": Broken("pg-connections", postgres(FEW)),
    "pgdead": Broken("pg-locks", postgres()),
    "pgwell": Broken("", postgres()),
    "mariaold": Broken("mysql-password", mariadb(volume="oldmaria")),
    "mariatwo": Broken("db-two-servers", mariadb(LATE, "oldmaria")),
    "marianone": Broken("mysql-no-password", 'image: "docker-agent-lab/mariadb:10.11"'),
    "mariafull": Broken("mysql-connections", mariadb('command: ["--max-connections=10"]')),
    "redis": Broken("", redis('"--requirepass", "x", "--maxmemory", "1mb"')),
    "redisnewer": Broken("redis-version", redis('"sh", "-c", "printf REDIS0099 > dump.rdb; exec redis-server"')),
    "mysqlold": Broken("mysql-datadir", f"""command: ["sh", "-c", "echo '{REFUSED}'; exit 1"]"""),
}
VOLUMES = "".join(
    f"  {key}: {{name: {name}, external: true}}\n"
    for key, name in (("oldpg", OLD_POSTGRES), ("oldmaria", OLD_MARIADB), ("newer", NEWER), ("foreign", FOREIGN))
)
DEADLOCK = (
    "psql -U postgres -c 'create table if not exists t (n int); insert into t values (1), (2)'; "
    "one='update t set n = n where n = 1;' two='update t set n = n where n = 2;'; "
    'psql -U postgres -c "begin; $one select pg_sleep(1); $two commit" & '
    'psql -U postgres -c "begin; $two select pg_sleep(1); $one commit" & wait'
)


@contextmanager
def old_volumes() -> Generator[None]:
    """Volumes that are there before the project: two that servers with another password made, two from elsewhere."""
    names = (OLD_POSTGRES, OLD_MARIADB, NEWER, FOREIGN)
    servers = {
        OLD_POSTGRES: ("postgres:15", "POSTGRES_PASSWORD", "/var/lib/postgresql/data"),
        OLD_MARIADB: ("mariadb:10.11", "MARIADB_ROOT_PASSWORD", "/var/lib/mysql"),
    }
    touched = "chmod {0} /v; echo {1} > /v/PG_VERSION; touch /v/postgresql.conf /v/pg_hba.conf"
    remove()
    began = time.monotonic()
    try:
        for name in names:
            docker("volume", "create", name)
        for name, (image, variable, folder) in servers.items():
            run = ("run", "-d", "--network", "none", "--name", name, "-e", f"{variable}=old", "-v", f"{name}:{folder}")
            assert docker(*run, f"docker-agent-lab/{image}").returncode == 0
        for name, script in ((NEWER, touched.format(700, 14)), (FOREIGN, touched.format(755, 15))):
            busybox = ("run", "--rm", "--network", "none", "-v", f"{name}:/v", "docker-agent-lab/busybox:1")
            assert docker(*busybox, "sh", "-c", script).returncode == 0
        for name, words in ((OLD_POSTGRES, "listening on"), (OLD_MARIADB, "port: 3306")):
            wait_for_log(name, words)
            docker("stop", name)
        # The engine tells the age of a volume in whole seconds, and one that is made with its container is not old.
        time.sleep(max(0.0, 7.0 - (time.monotonic() - began)))
        yield
    finally:
        remove()


def remove() -> None:
    """Take away what `old_volumes` makes."""
    for name in (OLD_POSTGRES, OLD_MARIADB):
        docker("rm", "-f", name)
    docker("volume", "rm", "-f", OLD_POSTGRES, OLD_MARIADB, NEWER, FOREIGN)


def wait_for_log(name: str, words: str, seconds: float = 40.0) -> None:
    """Wait until a container's log has these words."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done = docker("logs", name)
        if words in done.stdout + done.stderr:
            return
        time.sleep(0.3)
    raise AssertionError(f"{name} never said {words!r}")


def inside(service: str, script: str) -> str:
    """What a shell in a service's container says."""
    done = docker("exec", f"{PROJECT}-{service}-1", "sh", "-c", script)
    return done.stdout + done.stderr


def use_them() -> dict[str, str]:
    """Ask the databases for what they refuse; what their clients said."""
    for service in ("pgold", "pgnodb", "pgfull", "pgdead"):
        wait_for_log(f"{PROJECT}-{service}-1", "listening on IPv4")
    for service in ("mariaold", "mariafull"):
        wait_for_log(f"{PROJECT}-{service}-1", "port: 3306")
    many = "for i in 1 2 3 4 5 6; do psql -U postgres -c 'select pg_sleep(3)' & done; wait"
    fill = "head -c 99999 /dev/zero | tr '\\0' x"
    full = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do mariadb -uroot -pnew -e 'select sleep(4)' & done; wait"
    scripts = {
        "pg-password": ("pgold", "PGPASSWORD=new psql -U postgres -h $(hostname -i) -c 'select 1'"),
        "pg-no-database": ("pgnodb", "psql -U postgres -d shop -c 'select 1'"),
        "pg-connections": ("pgfull", many),
        "pg-locks": ("pgdead", DEADLOCK),
        "mysql-password": ("mariaold", "mariadb -uroot -pnew -e 'select 1'"),
        "mysql-no-database": ("mariafull", "mariadb -uroot -pnew nosuch -e 'select 1'"),
        "mysql-connections": ("mariafull", f"sleep 1; {full}"),
        "redis-auth": ("redis", "redis-cli get x"),
        "redis-memory": ("redis", f"for i in $(seq 30); do {fill} | redis-cli -a x -x set k$i; done"),
    }
    with ThreadPoolExecutor(8) as pool:
        asked = {code: pool.submit(inside, *words) for code, words in scripts.items()}
        return {code: answer.result() for code, answer in asked.items()}


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Finding], dict[str, str]]]:
    """What all signatures say of all cases, started side by side, and what the clients said."""
    for name in ("postgres", "mariadb", "redis"):
        images.ensure_image(name)
    root = tmp_path_factory.mktemp("databases")
    more = f"volumes:\n{VOLUMES}"
    with old_volumes(), broken_project(root, PROJECT, CASES, more=more, settle_s=0.1) as workspace:
        said = use_them()
        yield examine(collect(workspace)), said


def test_each_refusal_is_recognised_in_the_logs(looked_at: tuple[list[Finding], dict[str, str]]) -> None:
    findings, _ = looked_at
    check(CASES, findings)


def test_each_refusal_is_recognised_in_what_a_client_says(looked_at: tuple[list[Finding], dict[str, str]]) -> None:
    _, said = looked_at
    wrong = {code: (explained(text), text) for code, text in said.items() if explained(text) != [code]}
    assert not wrong


def test_a_password_is_said_to_be_older_than_the_variable(looked_at: tuple[list[Finding], dict[str, str]]) -> None:
    findings, _ = looked_at
    for service, volume in (("pgold", OLD_POSTGRES), ("mariaold", OLD_MARIADB)):
        first = next(finding for finding in findings if finding.object == service)
        assert "older than the container" in first.cause
        assert f"volume {volume} CreatedAt" in {evidence.where for evidence in first.evidence}
