"""What Compose's schema and casts refuse, case by case; each verdict is that of Docker Compose 2.40.3."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.project.compose.model import ComposeModel, load

FILE = Path("/project/compose.yml")


def model_of(text: str, **variables: str) -> ComposeModel:
    return load([FILE], read=lambda _: text.encode(), variables=variables)


def web(*lines: str) -> str:
    return "services:\n  web:\n    image: nginx:1.29\n" + "".join(f"    {line}\n" for line in lines)


def said(text: str, **variables: str) -> list[str]:
    return [f"{problem.code} {problem.message}" for problem in model_of(text, **variables).problems]


ACCEPTED = """
privileged: "yes"
privileged: Y
privileged: "TRUE"
init: off
cpus: "0.5"
cpus: 1e3
cpus: "nan"
cpus: .inf
cpus: "1_000"
mem_limit: 512
mem_limit: 1.5 G
mem_limit: 512 mb
mem_limit: 1tib
mem_limit: -1
mem_limit: .5g
mem_limit: "5."
memswap_limit: -1
mem_swappiness: 60m
shm_size: 1.5
pids_limit: "-1"
stop_grace_period: 1d
stop_grace_period: 1w2d3h4m5s6ms7us8ns
stop_grace_period: -5s
stop_grace_period: .5s
stop_grace_period: "0"
oom_score_adj: "5"
scale: 2.0
cpu_count: 2.0
cpu_percent: 100
restart: sometimes
pull_policy: every_2h
user: "1000"
hostname: a b
environment: {A: , B: 1.5, C: true, D: text, E: 22:22}
environment: {D: 2020-13-01}
environment: [D=2020-01-01]
labels: ["a b=c", d]
command:
entrypoint: []
deploy:
develop:
expose: [80, "81", 82-84, 83/tcp]
group_add: [5, wheel]
cap_add: [A, A]
dns: 1.1.1.1
tmpfs: [/a, /a]
ulimits: {nofile: "5", nproc: {soft: 1, hard: "2"}}
devices: [/dev/x, "/dev/x:/dev/y:rwm", {source: /dev/x, target: /dev/y}]
extra_hosts: ["a:1.1.1.1", "b=::1", "c:"]
extra_hosts: {a: [1.1.1.1, 2.2.2.2], b: ""}
gpus: all
gpus: [{driver: nvidia, count: all}]
logging: {driver: x, options: {a: 5, b: }}
build: {ssh: [default, "k=/x"], ulimits: {nofile: 5}, shm_size: 64m}
build: {additional_contexts: [a=b]}
secrets: [{source: s, mode: 0440}, {source: s, mode: "0440", target: t}]
env_file: [{path: /dev/null, format: raw, required: "no"}]
blkio_config: {weight: 5, device_read_bps: [{path: /x, rate: 5m}]}
healthcheck: {disable: "true", retries: "3", interval: 1m}
networks: {default: {aliases: [a], priority: 5}}
x-own: {a: b}
"""

REFUSED = """
privileged: 1                        | schema 4:17
privileged: "1"                      | bad_scalar 4:17
privileged: t                        | bad_scalar 4:17
privileged:                          | schema 4:5
cpus: "1,5"                          | bad_scalar 4:11
cpus: ""                             | bad_scalar 4:11
mem_limit: 512xyz                    | bad_scalar 4:16
mem_limit: 1Gi                       | bad_scalar 4:16
mem_limit: "-1"                      | bad_scalar 4:16
mem_limit: "5m "                     | bad_scalar 4:16
pids_limit: "1.0"                    | bad_scalar 4:17
stop_grace_period: 10                | schema 4:24
stop_grace_period: "10"              | bad_scalar 4:24
stop_grace_period: 1M                | bad_scalar 4:24
stop_grace_period: 1m 30s            | bad_scalar 4:24
oom_score_adj: 1001                  | schema 4:20
scale: 1.5                           | schema 4:12
cpu_percent: 101                     | schema 4:18
cpu_count: -1                        | schema 4:16
cpu_period: 10ms                     | bad_scalar 4:17
restart: true                        | schema 4:14
pull_policy: newer                   | schema 4:18
user: 1000                           | schema 4:11
hostname: 1                          | schema 4:15
container_name: x                    | container_name_syntax 4:21
container_name: 1                    | schema 4:21
environment:                         | schema 4:5
environment: {A: [b]}                | schema 4:22
environment: {D: 2020-01-01}         | schema 4:22
environment: {D: 2020-01-01T10:00:00Z} | schema 4:22
environment: ["A =x"]                | bad_scalar 4:19
ports:                               | schema 4:5
ports: text                          | schema 4:12
expose: [1.5]                        | schema 4:14
expose: [80.0]                       | schema 4:14
group_add: [a, a]                    | schema 4:20
group_add: [1.5]                     | schema 4:17
security_opt: [a, a]                 | schema 4:23
ulimits: {nofile: x}                 | bad_scalar 4:23
ulimits: {nofile: {soft: 1}}         | schema 4:15
devices: ["a:b:c:d"]                 | bad_scalar 4:15
devices: [{source: /dev/x}]          | schema 4:15
extra_hosts: [a]                     | bad_scalar 4:19
extra_hosts: [":1.1.1.1"]            | bad_scalar 4:19
gpus: some                           | schema 4:11
gpus: [{count: x}]                   | bad_scalar 4:20
logging: {options: {a: true}}        | schema 4:28
build: {ssh: [x]}                    | bad_scalar 4:19
build: {ulimits: {nofile: "5"}}      | bad_scalar 4:31
build: {additional_contexts: [a]}    | bad_scalar 4:35
build: {additional_contexts: {a: 5}} | schema 4:38
build: {contxt: .}                   | schema 4:13
secrets: [{source: s, mode: x}]      | bad_scalar 4:33
configs: [{source: s, mode: "0999"}] | bad_scalar 4:33
env_file: [{path: a, format: x}]     | bad_scalar 4:34
env_file: [{required: true}]         | schema 4:16
blkio_config: {weight: "5"}          | bad_scalar 4:28
healthcheck: {retries: -1}           | schema 4:28
healthcheck: {interval: 10}          | schema 4:29
command: "a 'b"                      | bad_scalar 4:14
pre_stop: [{command: "a 'b"}]        | bad_scalar 4:26
post_start: [{user: x}]              | schema 4:18
pid:                                 | schema 4:5
cgroup: none                         | schema 4:13
depends_on: {db: }                   | schema 4:18
depends_on: {db: {condition: up}}    | schema 4:34
deploy: {resources: {limits: {memory: 5}}} | schema 4:43
deploy: {resources: {limits: {cpus: x}}} | bad_scalar 4:41
deploy: {update_config: {parallelism: "-1"}} | schema 4:43
networks: {default: {priority: x}}   | schema 4:36
networks: [default, default]         | schema 4:25
use_api_socket: "true"               | schema 4:21
pre_start: [{command: x}]            | schema 4:5
enviroment: {}                       | schema 4:5
"""


@pytest.mark.parametrize("line", ACCEPTED.strip().splitlines())
def test_what_compose_takes_is_no_problem(line: str) -> None:
    assert said(web(line)) == []


@pytest.mark.parametrize("case", REFUSED.strip().splitlines())
def test_what_compose_refuses_has_its_code_and_place(case: str) -> None:
    line, _, expected = case.rpartition("|")
    (problem,) = model_of(web(line.rstrip())).problems
    assert f"{problem.code} {problem.place.line}:{problem.place.column}" == expected.strip()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 3\n", "schema version must be text; put 3 in quotes"),
        ("services: [a]\n", "schema services must be a mapping"),
        ("services: {web: }\n", "schema services.web must be a mapping, and it is empty"),
        ("services: {'we b': {image: x}}\n", 'schema services cannot have the name "we b"'),
        ("servces: {}\n", 'schema a compose file has no "servces" at the top'),
        ("volumes:\n", "schema volumes must be a mapping, and it is empty"),
        ("networks: {a: 5}\n", "schema networks.a must be a mapping or empty"),
        ("networks: {a: {internal: x}}\n", 'bad_scalar networks.a.internal: "x" is not true or false'),
        ("secrets: {a: {file: x, content: y}}\n", 'schema secrets.a has no "content"'),
        ("models: {a: {}}\n", 'schema models.a lacks "model"'),
        (web("cap_dorp: [ALL]"), 'schema services.web has no "cap_dorp"'),
        (web("security_opt: [a, a]"), "schema services.web.security_opt has a twice"),
        (web("cgroup: privat"), "schema services.web.cgroup is privat, but must be host or private"),
        (
            web("pre_start: [{command: x}]"),
            'schema services.web has no "pre_start" before versions of Docker Compose newer than 2.40',
        ),
    ],
)
def test_words_of_the_schema(text: str, message: str) -> None:
    assert message in said(text)


@pytest.mark.parametrize(
    ("line", "near"),
    [("imagee: x", "image"), ("cgroup: privat", "private"), ("build: {dokerfile: x}", "dockerfile"), ("zzz: 1", "")],
)
def test_the_nearest_word_is_named(line: str, near: str) -> None:
    (problem,) = model_of(web(line)).problems
    assert problem.near == near


def test_every_fault_is_told_at_once() -> None:
    text = web("ports: [x]", "user: 5", "mem_limit: lots", "foo: 1", "volumes: [':']", "volums: []")
    assert len(said(text)) == 5


@pytest.mark.parametrize(
    ("line", "variables", "expected"),
    [
        ("cpus: ${N}", {"N": "2"}, []),
        ("user: ${N}", {"N": "1000"}, []),
        ("privileged: ${N}", {"N": "true"}, []),
        ("privileged: ${N}", {"N": "1"}, ['bad_scalar services.web.privileged: "1" is not true or false']),
        ("stop_grace_period: ${N}", {"N": "10"}, ['bad_scalar services.web.stop_grace_period: "10" is not a duration']),
        ("cpus: ${N}", {}, ['bad_scalar services.web.cpus: "" is not a number, because N has no value']),
        ("ports: ['${N}:80']", {}, []),
        ("ports: ['80:${N}']", {}, ["bad_port a port is empty, because N has no value"]),
        ("volumes: ['${N}:/x']", {}, ['bad_mount ":/x" has an empty part, because N has no value']),
    ],
)
def test_what_a_variable_stands_for_is_text(line: str, variables: dict[str, str], expected: list[str]) -> None:
    found = said(web(line), **variables)
    assert len(found) == len(expected)
    assert all(message.startswith(start) for message, start in zip(found, expected, strict=True))


PORTS = """
80 | "80/TCP" | "80/" | "80/tcp/udp" | ":80" | "8000-8002:80" | "80-82" | "127.0.0.1::80" | "[::1]::80" | 0x50
"080:80" | "8000-8002-9:80-82" | {target: "80"} | {target: 80, published: x} | {target: 80, protocol: icmp}
{target: 99999} | {target: 80, published: 8000-8010} | {target: 80, host_ip: "::1"} | {target: 0}
"""
NO_PORTS = """
0 | "0" | 70000 | 80.5 | "80/icmp" | "" | "80:" | "x:80" | "8000-8002:80-81" | "82-80" | "8000:80-82" | "127.0.0.1:80"
"localhost:80:80" | "::1:80:80" | "300.1.1.1:80:80" | " 80:80" | "80 :80" | "+80:80" | "*:80:80" | {published: 80}
{target: x} | {target: -1} | {target: 80, host_ip: localhost} | {target: 80, host_ip: "[::1]"} | {} | true | [80]
"""
MOUNTS = """
data:/x | a | "a:" | ":" | "a:/x" | "data:/x:odd" | "data:/x:," | "C:/a:/x" | "c:d:e:f" | "./a:x"
{type: tmpfs, target: ""}
{type: bind, source: "", target: /x} | {type: npipe, target: /x} | {type: tmpfs, target: /x, tmpfs: {size: 5m}}
"""
NO_MOUNTS = """
"" | ":/x" | "data:" | "data::/x" | "data:/x:" | "/a:/b:/c:d" | "data:/x:ro:z" | {type: bind, target: /x}
{type: tmpfs} | {target: /x} | {type: odd, target: /x} | {type: tmpfs, target: /x, tmpfs: {mode: "0755"}} | 5 | [a]
{type: bind, source: a, target: /x, bind: {create_host_path: x}} | {type: bind, source: a}
"""


def cases(table: str) -> list[str]:
    return [case for line in table.strip().splitlines() for case in line.split(" | ")]


@pytest.mark.parametrize("written", cases(PORTS))
def test_ports_that_compose_takes(written: str) -> None:
    assert said(web("ports:", f"  - {written}")) == []


@pytest.mark.parametrize("written", cases(NO_PORTS))
def test_ports_that_compose_refuses(written: str) -> None:
    (problem,) = model_of(web("ports:", f"  - {written}")).problems
    assert problem.place.line == 5


@pytest.mark.parametrize("written", cases(MOUNTS))
def test_mounts_that_compose_takes(written: str) -> None:
    assert said(web("volumes:", f"  - {written}")) == []


@pytest.mark.parametrize("written", cases(NO_MOUNTS))
def test_mounts_that_compose_refuses(written: str) -> None:
    found = model_of(web("volumes:", f"  - {written}")).problems
    assert {problem.place.line for problem in found} == {5}


def test_newer_kinds_of_the_same_value_are_read_leniently() -> None:
    service = model_of(
        web(
            "devices: ['/dev/kvm:/dev/kvm:r', {source: nvidia.com/gpu, target: x}]",
            "tmpfs: [/run, '/tmp:size=64m,noexec']",
            "ulimits: {nofile: 5, nproc: {soft: 1, hard: 2}}",
            "networks: {default: {aliases: [a, b]}}",
            "env_file: [a.env, {path: b.env, required: false, format: raw}]",
            "memswap_limit: -1",
            "shm_size: 64m",
            "gpus: all",
            "extra_hosts: ['a:1.1.1.1', 'b=::1']",
            "volumes: [{type: bind, source: /a, target: /b, bind: {propagation: shared, selinux: z}}]",
            "ports: [{target: 80, mode: host, name: web, app_protocol: http}]",
            "healthcheck: {test: x, start_interval: 5s}",
        )
    ).services["web"]
    assert [(device.source, device.target, device.permissions) for device in service.devices] == [
        ("/dev/kvm", "/dev/kvm", "r"),
        ("nvidia.com/gpu", "x", "rwm"),
    ]
    assert [(mount.target, mount.options) for mount in service.tmpfs_mounts] == [
        ("/run", ()),
        ("/tmp", ("size=64m", "noexec")),
    ]
    assert service.ulimits == {"nofile": (5, 5), "nproc": (1, 2)}
    assert service.network_aliases == {"default": ("a", "b")}
    assert [(file.path, file.required, file.format) for file in service.env_file_entries] == [
        ("a.env", True, ""),
        ("b.env", False, "raw"),
    ]
    assert (service.memswap, service.shm_size, service.gpus) == (-1, 64 << 20, True)
    assert service.extra_hosts == {"a": "1.1.1.1", "b": "::1"}
    (mount,), (port,) = service.mounts, service.ports
    assert (mount.propagation, mount.selinux, mount.create_host_path) == ("shared", "z", True)
    assert (port.mode, port.name, port.app_protocol) == ("host", "web", "http")
    assert service.healthcheck
    assert service.healthcheck.start_interval_s == 5.0
