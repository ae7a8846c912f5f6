from __future__ import annotations

from typing import Any

import pytest
from tests.project.projects import faults_of, model_of

TOP = """networks: {n: , m: }
volumes: {vol: }
configs: {c: {content: a}}
secrets: {s: {environment: A}}
models: {q: {model: x}}"""


def laid(base: str, upper: str) -> Any:
    """The service of two files without its image, as plain data; keys are what both name."""
    files = {
        "a.yml": f"services: {{w: {{image: x, {base}}}, b: {{image: y}}}}\n{TOP}",
        "b.yml": f"services: {{w: {{{upper}}}}}",
    }
    found = model_of(files, "a.yml", "b.yml").value(("services", "w"))
    del found["image"]
    return found


@pytest.mark.parametrize(
    ("base", "upper", "expected"),
    [
        ("command: [a]", "command: [b, c]", {"command": ["b", "c"]}),
        ("command: [a]", "command: ", {"command": None}),
        (
            "healthcheck: {test: [CMD, a], interval: 5s}",
            "healthcheck: {test: b}",
            {"healthcheck": {"test": "b", "interval": "5s"}},
        ),
        ("init: true", "init: ", {"init": True}),
        ("environment: {A: 1, B: 2}", "environment: [A=3, C]", {"environment": {"A": "3", "B": 2, "C": None}}),
        ("environment: [A=1]", "environment: ", {"environment": ["A=1"]}),
        ("labels: {a: 1}", "labels: [a=2, b=3]", {"labels": {"a": "2", "b": "3"}}),
        ("ports: ['80:80', '90:90']", "ports: ['80:80', '81:80']", {"ports": ["80:80", "90:90", "81:80"]}),
        (
            "ports: ['80:80']",
            "ports: ['0.0.0.0:80:80', '127.0.0.1:80:80']",
            {"ports": ["0.0.0.0:80:80", "127.0.0.1:80:80"]},
        ),
        ("ports: ['80:80']", "ports: [{target: 80, published: '80'}]", {"ports": [{"target": 80, "published": "80"}]}),
        ("volumes: ['./a:/x', 'vol:/y']", "volumes: ['./b:/x:ro', /z]", {"volumes": ["./b:/x:ro", "vol:/y", "/z"]}),
        ("volumes: ['./a:/x']", "volumes: ['./c:/x/']", {"volumes": ["./c:/x/"]}),
        (
            "extra_hosts: ['h:1.1.1.1']",
            "extra_hosts: ['h=1.1.1.1', 'h=1.1.1.2']",
            {"extra_hosts": ["h:1.1.1.1", "h=1.1.1.2"]},
        ),
        (
            "depends_on: {b: {condition: service_healthy}}",
            "depends_on: [b]",
            {"depends_on": {"b": {"condition": "service_started", "required": True}}},
        ),
        ("networks: [n]", "networks: {m: {aliases: [x]}}", {"networks": {"n": None, "m": {"aliases": ["x"]}}}),
        (
            "networks: {m: {aliases: [p]}}",
            "networks: {m: {aliases: [x, p]}}",
            {"networks": {"m": {"aliases": ["p", "x"]}}},
        ),
        ("models: [q]", "models: {q: {endpoint_var: X}}", {"models": {"q": {"endpoint_var": "X"}}}),
        ("dns: 1.1.1.1", "dns: [8.8.8.8, 1.1.1.1]", {"dns": ["1.1.1.1", "8.8.8.8"]}),
        ("tmpfs: /run", "tmpfs: [/run, /tmp]", {"tmpfs": ["/run", "/tmp"]}),
        ("env_file: a", "env_file: [{path: a, required: false}]", {"env_file": [{"path": "a", "required": False}]}),
        ("cap_add: [A]", "cap_add: [B, A]", {"cap_add": ["A", "B"]}),
        ("security_opt: [a]", "security_opt: [b, a]", {"security_opt": ["a", "b", "a"]}),
        ("logging: {driver: a, options: {x: '1'}}", "logging: {driver: b}", {"logging": {"driver": "b"}}),
        (
            "logging: {options: {x: '1'}}",
            "logging: {driver: b, options: {y: '2'}}",
            {"logging": {"driver": "b", "options": {"x": "1", "y": "2"}}},
        ),
        (
            "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 5}",
            "ulimits: {nofile: 3}",
            {"ulimits": {"nofile": 3, "nproc": 5}},
        ),
        ("build: .", "build: {args: {A: 1}}", {"build": {"context": ".", "args": {"A": 1}}}),
        ("build: {context: a, args: {A: 1}}", "build: b", {"build": {"context": "b", "args": {"A": 1}}}),
        ("build: {context: a, tags: [x]}", "build: {tags: [y, x]}", {"build": {"context": "a", "tags": ["x", "y"]}}),
        ("configs: [c]", "configs: [{source: c, target: /c}]", {"configs": [{"source": "c", "target": "/c"}]}),
        ("secrets: [s]", "secrets: [{source: s, target: t}, s]", {"secrets": ["s", {"source": "s", "target": "t"}]}),
        ("devices: ['/a:/b']", "devices: ['/c:/b', '/d']", {"devices": ["/c:/b", "/d"]}),
        ("expose: ['80']", "expose: ['80', '81']", {"expose": ["80", "81"]}),
        ("profiles: [p]", "profiles: [r, p]", {"profiles": ["p", "r"]}),
        ("gpus: all", "gpus: [{count: 1}]", {"gpus": [{"count": 1}]}),
        ("ports: ['80:80']", "ports: !reset ['90:90']", {}),
        ("ports: ['80:80']", "ports: !override ['90:90']", {"ports": ["90:90"]}),
        ("ports: ['80:80']", "ports: [!reset '80:80', '82:82']", {"ports": ["80:80", "82:82"]}),
        ("environment: {A: 1, B: 2}", "environment: {A: !reset null}", {"environment": {"B": 2}}),
        ("environment: [A=1, B=2]", "environment: {A: !reset null}", {"environment": {"A": "1", "B": "2"}}),
        ("environment: [C=3]", "environment: {C: }", {"environment": {"C": None}}),
        ("labels: !reset {}", "labels: {a: 1}", {"labels": {"a": 1}}),
        ("environment: {A: 1}", "environment: !override {C: 3}", {"environment": {"C": 3}}),
        ("labels: {a: 1}", "labels: 3", {"labels": {"a": 1}}),
        ("environment: [A=1]", "environment: B", {"environment": {"A": "1", "B": None}}),
        ("extra_hosts: ['h:1.1.1.1']", "extra_hosts: true", {"extra_hosts": ["h:1.1.1.1"]}),
        ("dns: 1.1.1.1", "dns: 3", {"dns": "1.1.1.1"}),
        ("x-a: {b: 1, c: [1]}", "x-a: {b: 2, c: [2]}", {"x-a": {"b": 2, "c": [1, 2]}}),
    ],
)
def test_services_are_laid_over_each_other_as_compose_does(base: str, upper: str, expected: Any) -> None:
    assert laid(base, upper) == expected


def test_address_pools_are_merged_by_subnet() -> None:
    pools = "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/8, gateway: %s}%s]}}}"
    files = {"a.yml": pools % ("10.0.0.1", ", {subnet: 11.0.0.0/8}"), "b.yml": pools % ("10.0.0.2", "")}
    found = model_of(files, "a.yml", "b.yml").value(("networks", "n", "ipam", "config"))
    assert found == [{"subnet": "10.0.0.0/8", "gateway": "10.0.0.2"}, {"subnet": "11.0.0.0/8"}]


@pytest.mark.parametrize(
    ("base", "upper", "fault"),
    [
        ("ports: ['80:80']", "ports: 80", "schema b.yml:1:23"),
        ("healthcheck: {test: a}", "healthcheck: b", "schema b.yml:1:29"),
        ("restart: 3", "restart: always", "schema a.yml:1:35"),
        ("labels: 3", "labels: {a: 1}", "schema a.yml:1:34"),
    ],
)
def test_what_is_of_another_kind_is_refused_even_where_it_is_replaced(base: str, upper: str, fault: str) -> None:
    files = {"a.yml": f"services: {{w: {{image: x, {base}}}}}", "b.yml": f"services: {{w: {{{upper}}}}}"}
    assert fault in faults_of(model_of(files, "a.yml", "b.yml"))


@pytest.mark.parametrize(
    ("upper", "accepted"),
    [("", True), ("# c", True), ("services: {}", True), ("services:", False), ("---", False), ("volumes:", False)],
)
def test_files_that_say_nothing(upper: str, accepted: bool) -> None:
    files = {"a.yml": "services: {w: {image: x}}", "b.yml": upper}
    assert bool(faults_of(model_of(files, "a.yml", "b.yml"))) is not accepted
