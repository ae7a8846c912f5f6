from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.domains.compose.judge import judge
from docker_agent.domains.compose.severities import Severities
from docker_agent.host.fake import World
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.disk import HostDisk

FILE = Path("/project/compose.yml")
RULES = {rule.code: rule for rule in all_rules()}


def model_of(text: str, files: dict[str, str] | None = None) -> ComposeModel:
    world = World()
    world.files = {FILE.parent / name: said.encode() for name, said in (files or {}).items()} | {FILE: text.encode()}
    return load([FILE], read=world.host.reads.read_file, variables={}, disk=HostDisk(world.host.reads))


def of(code: str, text: str, files: dict[str, str] | None = None) -> list[Finding]:
    return check_model(model_of(text, files), rules=[RULES[code]])


def severities(code: str, text: str, files: dict[str, str] | None = None) -> list[Severity]:
    return [finding.severity for finding in of(code, text, files)]


def services(**lines: str) -> str:
    return "services:\n" + "".join(f"  {name}: {{{said}}}\n" for name, said in lines.items())


def db(image: str, *lines: str) -> str:
    more = "".join(f"    {line}\n" for line in lines)
    return f"services:\n  db:\n    image: {image}\n{more}volumes: {{vol: }}\n"


@pytest.mark.parametrize(
    ("image", "target", "flagged"),
    [
        ("postgres:17", "/var/lib/postgresql/data", False),
        ("postgres:17", "/var/lib/postgresql", True),
        ("postgres:17", "/data", True),
        ("postgres:18.1-alpine", "/var/lib/postgresql", False),
        ("postgres:18", "/var/lib/postgresql/18/docker", False),
        ("postgres:18", "/var/lib/postgresql/data", True),
        ("postgres", "/var/lib/postgresql", False),
        ("postgres:latest", "/var/lib/postgresql/data", False),
        ("docker.io/library/postgres:16", "/x", True),
        ("pgvector/pgvector:0.8.0-pg18", "/var/lib/postgresql/data", True),
        ("registry.example.org/postgres:17", "/x", False),
        ("mysql:8.4", "/var/lib/mysql", False),
        ("mysql:8.4", "/var/lib", True),
        ("mcr.microsoft.com/mssql/server:2022-latest", "/var/opt/mssql/data", False),
        ("ghcr.io/linuxserver/mariadb:11", "/config", False),
        ("ghcr.io/linuxserver/mariadb:11", "/var/lib/mysql", True),
        ("redis:8", "/x", False),
    ],
)
def test_where_databases_keep_their_data(image: str, target: str, flagged: bool) -> None:
    assert flagged == bool(of("data_on_anonymous_volume", db(image, f"volumes: ['vol:{target}']")))


@pytest.mark.parametrize(
    "lines",
    [
        ("tmpfs: /var/lib/postgresql/data",),
        ("volumes: [{type: tmpfs, target: /var/lib/postgresql/data}]",),
        ("volumes: ['${DATA}:/var/lib/postgresql/data']",),
        ("volumes: ['${DATA}']",),
        ("volumes_from: [other]",),
        ("environment: {PGDATA: /pg/data}", "volumes: ['vol:/pg']"),
        ("volumes: ['./data:/var/lib/postgresql/data']",),
    ],
)
def test_data_that_is_kept_or_meant_to_go(lines: tuple[str, ...]) -> None:
    assert of("data_on_anonymous_volume", db("postgres:17", *lines)) == []


def test_data_without_a_volume_is_an_error_in_production() -> None:
    model = model_of(db("mongo:8", "volumes: [/data/db]"))
    rule = RULES["data_on_anonymous_volume"]
    assert [finding.severity for finding in check_model(model, rules=[rule])] == [Severity.WARN]
    assert [f.severity for f in judge(model, Severities(profile="prod"), [rule]).findings] == [Severity.ERROR]
    assert "a volume without a name" in check_model(model, rules=[rule])[0].message


def test_a_redis_that_writes_a_log_is_a_database() -> None:
    assert len(of("data_on_anonymous_volume", db("redis:8", "command: redis-server --appendonly yes"))) == 1
    assert of("stop_grace_missing", db("redis:8")) == []
    assert len(of("stop_grace_missing", db("mongo:8"))) == 1


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("image: 'mysql:8.4', volumes: ['./d:/var/lib/mysql']", [Severity.ERROR]),
        ("image: 'mysql:8.4', volumes: ['d:/var/lib/mysql']", []),
        ("image: 'tool:1', volumes: ['./d/:/x']", [Severity.WARN]),
        ("image: 'tool:1', volumes: ['./d:/x:ro']", []),
        ("image: 'tool:1', volumes: ['./d/sub:/x']", []),
    ],
)
def test_two_containers_that_write_into_one_database(other: str, expected: list[Severity]) -> None:
    text = services(a="image: 'mysql:8.4', volumes: ['./d:/var/lib/mysql']", b=other) + "volumes: {d: }\n"
    assert severities("shared_data_writable", text) == expected


def test_alternatives_may_share_data_and_replicas_may_not() -> None:
    said = "image: 'mysql:8.4', volumes: ['./d:/var/lib/mysql']"
    assert of("shared_data_writable", services(a=f"{said}, profiles: [x]", b=f"{said}, profiles: [y]")) == []
    (finding,) = of("shared_data_writable", services(a=f"{said}, scale: 2"))
    assert "2 replicas of a" in finding.message


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("image: 'postgres:17'", [Severity.ERROR]),
        ("image: 'postgres:17', healthcheck: {interval: 5s}", [Severity.ERROR]),
        ("image: 'acme/app:1', healthcheck: {disable: true}", [Severity.ERROR]),
        ("image: 'acme/app:1', healthcheck: {test: NONE}", []),
        ("image: 'acme/app:1', healthcheck: {test: [NONE]}", [Severity.ERROR]),
        ("image: 'acme/app:1'", [Severity.INFO]),
        ("image: 'postgres:17', healthcheck: {test: pg_isready}", []),
        ("build: ./with", []),
        ("build: ./without", [Severity.INFO]),
        ("build: ./nowhere", []),
    ],
)
def test_waiting_for_health_that_nobody_tells(other: str, expected: list[Severity]) -> None:
    text = services(a="image: 'a:1', depends_on: {b: {condition: service_healthy}}", b=other)
    files = {"with/Dockerfile": "FROM x\nHEALTHCHECK CMD true\n", "without/Dockerfile": "FROM x\n"}
    assert severities("healthy_without_healthcheck", text, files) == expected


@pytest.mark.parametrize(
    ("restart", "flagged"),
    [
        ("restart: always", True),
        ("restart: unless-stopped", True),
        ("deploy: {restart_policy: {condition: any}}", True),
        ("restart: on-failure", False),
        ("restart: 'no'", False),
        ("tty: true", False),
    ],
)
def test_waiting_for_an_end_that_does_not_come(restart: str, flagged: bool) -> None:
    condition = "depends_on: {b: {condition: service_completed_successfully}}"
    assert flagged == bool(
        of("completed_without_exit", services(a=f"image: 'a:1', {condition}", b=f"image: 'b:1', {restart}"))
    )


@pytest.mark.parametrize(
    ("value", "flagged"),
    [
        ("sometimes", True),
        ("always:3", True),
        ("on-failure:x", True),
        ("Always", True),
        ("on-failure:3", False),
        ("no", False),
        ("'no'", False),
        ("${RESTART}", False),
        ("''", False),
    ],
)
def test_restart_policies(value: str, flagged: bool) -> None:
    assert flagged == bool(
        of(
            "bad_restart",
            services(a=f"image: 'a:1', restart: {value!r}" if "$" in value else f"image: 'a:1', restart: {value}"),
        )
    )


@pytest.mark.parametrize(
    ("value", "flagged"),
    [("on-failure", True), ("on-failure:10", True), ("on-failure:0", True), ("on-failure:5", False)],
)
def test_attempts(value: str, flagged: bool) -> None:
    assert flagged == bool(of("restart_attempts", services(a=f"image: 'a:1', restart: '{value}'")))


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ("mem_limit: 512m, mem_reservation: 1g", [Severity.ERROR]),
        ("mem_limit: 4m", [Severity.ERROR]),
        ("memswap_limit: 1g", [Severity.ERROR]),
        ("mem_limit: 1g, memswap_limit: 512m", [Severity.ERROR]),
        ("mem_limit: 64m, shm_size: 128m", [Severity.WARN]),
        ("deploy: {resources: {limits: {cpus: '1'}, reservations: {cpus: '2'}}}", [Severity.WARN]),
        ("mem_limit: 1g, memswap_limit: -1", []),
        ("mem_limit: '${MEM}', memswap_limit: 1g", []),
        ("mem_reservation: 1g", []),
        ("mem_limit: 6m", []),
    ],
)
def test_limits_that_contradict(limits: str, expected: list[Severity]) -> None:
    assert severities("limit_impossible", services(a=f"image: 'a:1', {limits}")) == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("host", [Severity.WARN]),
        ("none", [Severity.WARN]),
        ("service:b", [Severity.ERROR]),
        ("container:x", [Severity.ERROR]),
        ("bridge", []),
        ("${MODE}", []),
    ],
)
def test_ports_without_a_network(mode: str, expected: list[Severity]) -> None:
    text = services(a=f"image: 'a:1', network_mode: '{mode}', ports: ['80:80']", b="image: 'b:1'")
    assert severities("ports_discarded", text) == expected
    assert of("ports_discarded", text.replace("['80:80']", "[]")) == []


@pytest.mark.parametrize(
    ("lines", "flagged"),
    [
        ("network_mode: 'service:b', hostname: x", True),
        ("network_mode: 'service:b', extra_hosts: {x: 1.2.3.4}", True),
        ("network_mode: 'container:b', dns: 1.1.1.1", True),
        ("network_mode: 'service:b', expose: ['80']", True),
        ("network_mode: host, links: [b]", True),
        ("network_mode: host, hostname: x, dns: 1.1.1.1", False),
        ("network_mode: 'service:b', domainname: x, dns_search: x", False),
        ("network_mode: 'service:b', expose: []", False),
        ("network_mode: bridge, hostname: x", False),
    ],
)
def test_what_belongs_to_the_owner_of_a_network(lines: str, flagged: bool) -> None:
    assert flagged == bool(of("network_mode_conflict", services(a=f"image: 'a:1', {lines}", b="image: 'b:1'")))


def test_the_same_port_twice_in_one_service() -> None:
    assert of("port_conflict", services(a="image: 'a:1', ports: ['80:80', '80:80/tcp']")) == []
    (finding,) = of("port_conflict", services(a="image: 'a:1', ports: ['80:80', '80:81']"))
    assert finding.message.startswith("a wants the same host port")


def test_replicas_take_ports_of_a_range() -> None:
    assert of("port_conflict", services(a="image: 'a:1', ports: ['80-81:80'], scale: 2")) == []
    assert len(of("port_conflict", services(a="image: 'a:1', ports: ['80-81:80'], scale: 3"))) == 1


def test_profiles_that_need_each_other_run_together() -> None:
    first, second = "image: 'a:1', profiles: [x], ports: ['80:80']", "image: 'a:1', profiles: [y], ports: ['80:80']"
    assert of("port_conflict", services(a=first, b=second)) == []
    assert len(of("port_conflict", services(a=first, b=f"{second}, depends_on: [a]"))) == 1
    text = services(a=first, b=second)
    both = load([FILE], read=lambda _: text.encode(), variables={"COMPOSE_PROFILES": "x,y"})
    assert len(check_model(both, rules=[RULES["port_conflict"]])) == 1
    assert of("port_conflict", text.replace("profiles: [x]", "scale: 0").replace("profiles: [y]", "init: true")) == []
    names = "image: 'a:1', container_name: n"
    assert of("duplicate_container_name", services(a=f"{names}, profiles: [x]", b=f"{names}, profiles: [y]")) == []
    assert severities("duplicate_container_name", services(a=names, b=names)) == [Severity.ERROR]
    assert severities("duplicate_container_name", services(a=names, b=f"{names}, scale: 0")) == [Severity.ERROR]
    assert severities("duplicate_container_name", services(a=names, b=f"{names}, profiles: [y]")) == [Severity.WARN]
    assert (
        of(
            "duplicate_container_name",
            services(a="image: a, container_name: '${N}'", b="image: a, container_name: '${N}'"),
        )
        == []
    )


@pytest.mark.parametrize(
    ("name", "expected"), [("a" * 63, []), ("a" * 64, [Severity.WARN]), ("a" * 65, [Severity.ERROR]), ("a.b", [])]
)
def test_long_host_names(name: str, expected: list[Severity]) -> None:
    assert severities("hostname_too_long", services(a=f"image: 'a:1', hostname: {name}")) == expected


def test_files_with_secrets_that_everybody_can_read() -> None:
    text = services(a="image: 'a:1', env_file: [app.env], secrets: [s]") + "secrets: {s: {file: ./s.txt}}\n"
    secret = {"app.env": "DB_PASSWORD=xK9mQ2vL7pR4tW8z\n", "s.txt": "x"}
    assert [finding.object for finding in of("secrets_world_readable", text, secret)] == ["a", "s"]
    assert of("secrets_world_readable", text, {"app.env": "TZ=UTC\n"}) == []


def test_services_that_log_to_nowhere() -> None:
    assert len(of("logging_disabled", services(a="image: 'a:1', logging: {driver: none}"))) == 1
    assert of("logging_disabled", services(a="image: 'a:1', logging: {driver: '${DRIVER}'}")) == []


def test_process_limits() -> None:
    assert of("pids_limit", services(a="image: 'a:1', deploy: {resources: {limits: {pids: 9}}}")) == []
    assert of("pids_limit", services(a="image: 'a:1', pids_limit: '${PIDS}'")) == []
    assert len(of("pids_limit", services(a="image: 'a:1'"))) == 1
