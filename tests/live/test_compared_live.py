"""What we say Compose compares of a service, held against the hash by which Compose compares it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from tests.command_line import make_place
from tests.lab import fixtures

from docker_agent.domains.compose.changes.compared import compared
from docker_agent.host.files import read_file
from docker_agent.project.compose.model import load
from docker_agent.project.disk import LocalDisk

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

FORMS = """
build: .
pull_policy: always
scale: 3
depends_on: [other]
profiles: []
networks: [default]
x-note: a
privileged: false
attach: false
init: false
command: []
entrypoint: []
deploy: {}
deploy: {replicas: 3}
deploy: {mode: replicated}
deploy: {resources: {limits: {memory: 1g, cpus: "0.5"}}}
deploy: {resources: {limits: {memory: 1024m, cpus: "0.50"}}}
develop: {watch: [{path: ., action: rebuild}]}
environment: {A: 1, B: x}
environment: [B=x, A=1]
environment: [A]
environment: {A: }
labels: {a: 1}
labels: ["a=1"]
annotations: {a: b}
ports: ["80:80", "81:81"]
ports: ["81:81", "80:80"]
ports: ["80-81:80-81"]
ports: [{target: 80, published: "80"}]
ports: ["80:80/tcp"]
volumes: ["data:/d"]
volumes: [{type: volume, source: data, target: /d, volume: {}}]
volumes: [{type: volume, source: data, target: /d}]
volumes: ["./sub:/d:ro"]
volumes: [{type: bind, source: ./sub, target: /d, read_only: true, bind: {create_host_path: true}}]
volumes: [{type: bind, source: ./sub, target: /d, read_only: true}]
command: a "b c"
command: [a, b c]
networks: [one, two]
networks: {two: , one: }
networks: {one: {aliases: [x]}}
healthcheck: {test: curl x, interval: 90s}
healthcheck: {test: [CMD-SHELL, curl x], interval: 1m30s}
mem_limit: 1g
mem_limit: 1024m
shm_size: 64m
stop_grace_period: 60s
stop_grace_period: 1m
cpus: 0.5
cpus: "0.50"
secrets: [s]
secrets: [{source: s, target: /run/secrets/s}]
configs: [c]
configs: [{source: c, target: /c}]
cap_add: [A, B]
cap_add: [B, A]
dns: 1.1.1.1
dns: [1.1.1.1]
tmpfs: /t
tmpfs: [/t]
devices: ["/dev/null"]
devices: ["/dev/null:/dev/null"]
extra_hosts: ["a:1.2.3.4"]
extra_hosts: {a: 1.2.3.4}
"""
REST = "networks: {one: , two: }\nvolumes: {data: }\nsecrets: {s: {environment: S}}\nconfigs: {c: {content: x}}\n"


def test_services_are_equal_where_their_hashes_are(tmp_path: Path) -> None:
    forms = ["# nothing", *FORMS.strip().splitlines()]
    place = make_place(tmp_path / "project", "dalab-hash", tmp_path / "state", fixtures.engine_environment())
    file = place.root / "compose.yml"
    services = "".join(f"  s{number}:\n    image: x:1\n    {form}\n" for number, form in enumerate(forms))
    file.write_text(f"services:\n  other: {{image: y}}\n{services}{REST}", encoding="utf-8")
    ran = place.docker("compose", "-f", str(file), "config", "--hash", "*")
    assert ran.returncode == 0, ran.stderr
    hashes = dict(line.split() for line in ran.stdout.splitlines())
    model = load([file], read=read_file, variables={}, disk=LocalDisk())
    found: dict[str, dict[str, Any]] = {name: compared(model, each) for name, each in model.services.items()}
    names = [f"s{number}" for number in range(len(forms))]
    wrong = [
        (forms[int(one[1:])], forms[int(other[1:])])
        for one, other in combinations(names, 2)
        if (hashes[one] == hashes[other]) is not (found[one] == found[other])
    ]
    assert wrong == []
