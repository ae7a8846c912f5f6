"""Healthy stacks on a real engine, with logs of real traffic and a restart behind them: nothing may be said of them."""

from __future__ import annotations

import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.lab import fixtures, images
from tests.live.failures import docker, examined

from docker_agent.host.engine import connect
from docker_agent.host.models import Container
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

EXAMPLES = Path(__file__).parents[2] / "examples" / "healthy"
BUSYBOX, NGINX, POSTGRES, MARIADB, REDIS = (
    images.tag(name) for name in ("busybox", "nginx", "postgres", "mariadb", "redis")
)
PREFIX = "dalab-healthy"
READY_S = 40.0
ANSWER = "mkdir -p /tmp/www && echo ok > /tmp/www/index.html && exec httpd -f -h /tmp/www -p"
# What an example takes from a registry, made of the lab's images; ports are any that are free.
LAID_OVER = {
    "lab-web": "services: {}\n",
    "jobs": f"""services:
  migrate: {{image: "{BUSYBOX}", command: [echo, "migrated 12 tables"]}}
  app:
    image: "{BUSYBOX}"
    command: [sh, -c, "{ANSWER} 8000"]
    init: true
    ports: !override ["127.0.0.1::8000"]
    healthcheck: {{test: [CMD, nc, -w, "1", 127.0.0.1, "8000"], interval: 1s}}
""",
    "shop": f"""services:
  web: {{image: "{NGINX}", ports: !override ["127.0.0.1::80"], healthcheck: {{interval: 1s}}}}
  app:
    image: "{BUSYBOX}"
    command: [sh, -c, "{ANSWER} 3000"]
    init: true
    healthcheck: {{test: [CMD, nc, -w, "1", 127.0.0.1, "3000"], interval: 1s}}
  db: {{image: "{POSTGRES}", healthcheck: {{interval: 1s}}}}
""",
}
SERVERS = f"""services:
  nginx:
    image: "{NGINX}"
    ports: ["127.0.0.1::80"]
    healthcheck: {{test: [CMD, curl, -fsS, "http://127.0.0.1/"], interval: 1s}}
  redis:
    image: "{REDIS}"
    command: [redis-server, --save, "1 1", --appendonly, "yes"]
    ports: ["127.0.0.1::6379"]
    volumes: ["redis:/data"]
    healthcheck: {{test: [CMD, redis-cli, ping], interval: 1s}}
  postgres:
    image: "{POSTGRES}"
    command: [postgres, -c, log_connections=on, -c, log_statement=all, -c, checkpoint_timeout=30s]
    environment: {{POSTGRES_PASSWORD: kB7-meadow}}
    ports: ["127.0.0.1::5432"]
    volumes: ["postgres:/var/lib/postgresql/data"]
    healthcheck: {{test: [CMD, pg_isready, -q, -h, 127.0.0.1], interval: 1s}}
  mariadb:
    image: "{MARIADB}"
    environment: {{MARIADB_ROOT_PASSWORD: kB7-meadow}}
    ports: ["127.0.0.1::3306"]
    volumes: ["mariadb:/var/lib/mysql"]
    healthcheck: {{test: [CMD, healthcheck.sh], interval: 1s}}
volumes: {{redis: {{}}, postgres: {{}}, mariadb: {{}}}}
"""
# What clients do: thousands of writes, a rewritten append-only file, a checkpoint, hundreds of logged statements.
WORK = {
    "redis": "for i in $(seq 3000); do echo SET key:$i $i; done | redis-cli > /dev/null; redis-cli BGREWRITEAOF",
    "postgres": "psql -qU postgres -c 'CREATE TABLE IF NOT EXISTS t (i int)' "
    "-c 'INSERT INTO t SELECT generate_series(1, 20000)' -c VACUUM -c CHECKPOINT; "
    "for i in $(seq 200); do echo 'SELECT count(*) FROM t;'; done | psql -qAtU postgres > /dev/null",
    "mariadb": "for i in $(seq 500); do echo 'SELECT 1;'; done | "
    "MYSQL_PWD=kB7-meadow mariadb -uroot -h127.0.0.1 > /dev/null",
}


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Workspace]]:
    """The examples and the servers, started side by side and removed afterwards."""
    folder = tmp_path_factory.mktemp("healthy")
    folder.parent.chmod(0o755)
    folder.chmod(0o755)
    for name in ("busybox", "nginx", "postgres", "mariadb", "redis"):
        images.ensure_image(name)
    reads = connect({**os.environ, **fixtures.engine_environment()}).reads
    made: dict[str, Workspace] = {}
    for name in (*LAID_OVER, "servers"):
        root = folder / name
        project = f"{PREFIX}-{name}"
        made[name] = Workspace(host=reads, root=root, context=ProjectContext(), project=project)
        write(name, root)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert [done for done in pool.map(up, made.values()) if done] == []
        yield made
    finally:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(down, made.values()))


def write(name: str, root: Path) -> None:
    """The files of a stack, with what is laid over them in the override that Compose reads by itself."""
    if name == "servers":
        root.mkdir()
        (root / "compose.yaml").write_text(f"name: {PREFIX}-servers\n{SERVERS}")
        return
    shutil.copytree(EXAMPLES / name, root)
    (file,) = [path for path in root.glob("*compose.y*ml") if "override" not in path.name]
    file.write_text(f"name: {PREFIX}-{name}\n" + file.read_text().replace("name: lab-web\n", ""))
    (root / f"{file.stem}.override{file.suffix}").write_text(LAID_OVER[name])
    (root / "secrets").mkdir()
    (root / "secrets" / "db_password.txt").write_text("kB7-meadow")


def up(workspace: Workspace) -> str:
    """What Compose says if the stack does not start."""
    done = docker("compose", "-p", workspace.project, "up", "-d", cwd=workspace.root)
    return f"{workspace.project}: {done.stderr}" if done.returncode else ""


def down(workspace: Workspace) -> None:
    """Take the stack away with its volumes."""
    docker("compose", "-p", workspace.project, "kill", cwd=workspace.root)
    docker("compose", "-p", workspace.project, "down", "--volumes", "-t", "0", cwd=workspace.root)


def containers(workspace: Workspace) -> list[Container]:
    """The stack's containers."""
    return [each for each in workspace.host.containers() if each.project == workspace.project]


def wait(until: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + READY_S
    while not until():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)


def all_well(workspace: Workspace) -> bool:
    """Whether everything that has a health check is healthy."""
    return all(each.health in {"", "healthy"} for each in containers(workspace))


def get(port: int, count: int) -> None:
    """Ask a web server for a page and, every tenth time, for one that it does not have."""
    for number in range(count):
        if number % 10:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        else:
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/favicon.ico", timeout=5)


def test_nothing_is_said_of_healthy_stacks(stacks: dict[str, Workspace]) -> None:
    wait(lambda: all(all_well(workspace) for workspace in stacks.values()), "a stack is not healthy")
    work(stacks)

    assert [finding for workspace in stacks.values() for finding in examined(workspace)] == []


def use(server: str) -> str:
    """What a client of a server says if it fails."""
    done = docker("exec", f"{PREFIX}-servers-{server}-1", "sh", "-c", WORK[server])
    return f"{server}: {done.stderr}" if done.returncode else ""


def work(stacks: dict[str, Workspace]) -> None:
    """Traffic for every server."""
    ports = [port for name in stacks for each in containers(stacks[name]) for port in each.ports if port.host_port]
    webs = [port.host_port for port in ports if port.container_port in {80, 3000, 8000, 8080}]
    assert len(webs) == 4
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(get, port, 150) for port in webs]
        assert [said for said in pool.map(use, WORK) if said] == []
    for each in asked:
        each.result()


def test_nothing_is_said_after_a_restart_that_somebody_asked_for(stacks: dict[str, Workspace]) -> None:
    workspace = stacks["servers"]
    docker("compose", "-p", workspace.project, "restart", cwd=workspace.root)
    wait(lambda: all_well(workspace), "the servers do not come back")

    assert examined(workspace) == []
