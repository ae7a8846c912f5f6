"""What Compose and swarm mode say when they refuse, and what the files themselves show, on a real engine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tests.lab import fixtures, images
from tests.lab.second_engine import second_engine
from tests.live.failures import docker, examined, explained

from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine
from docker_agent.host.engine import connect
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

IMAGE = "docker-agent-lab/busybox:1"
CONFIG = ("config", "-q")
UP = ("up", "-d")
SICK = 'healthcheck: {test: "false", interval: 1s, retries: 1}'
DEVICES = "deploy: {resources: {reservations: {devices: [%s]}}}"

# What stands in the file, the command, and the code: the message alone gets it, and the file alone, with no message.
FILES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "network": ("services: {a: {image: IMAGE, networks: [front]}}", CONFIG, "cmp-undef"),
    "volume": ("services: {a: {image: IMAGE, volumes: ['data:/d']}}", CONFIG, "cmp-undef"),
    "secret": ("services: {a: {image: IMAGE, secrets: [key]}}", CONFIG, "cmp-undef"),
    "depends": ("services: {a: {image: IMAGE, depends_on: [db]}}", CONFIG, "cmp-undef"),
    "namespace": ("services: {a: {image: IMAGE, network_mode: 'service:db'}}", CONFIG, "cmp-undef"),
    "cycle": (
        "services: {a: {image: IMAGE, depends_on: [b]}, b: {image: IMAGE, depends_on: [a]}}",
        CONFIG,
        "cmp-cycle",
    ),
    "envfile": ("services: {a: {image: IMAGE, env_file: nosuch.env}}", CONFIG, "cmp-envfile"),
    "required": ("services: {a: {image: 'busybox:${DALAB_NOPE:?must}'}}", CONFIG, "cmp-required-var"),
    "key": ("services: {a: {image: IMAGE, prots: ['80']}}", CONFIG, "cmp-schema"),
    "kind": ("services: {a: {image: IMAGE, ports: '80'}}", CONFIG, "cmp-schema"),
    "cast": ("services: {a: {image: IMAGE, deploy: {replicas: many}}}", CONFIG, "cmp-schema"),
    "duration": ("services: {a: {image: IMAGE, healthcheck: {interval: 5x}}}", CONFIG, "cmp-schema"),
    "mapping": ("services: {a: [x]}", CONFIG, "cmp-schema"),
    "tab": ("services:\n  a:\n\timage: IMAGE\n", CONFIG, "cmp-yaml-tab"),
    "indent": ("services:\n  a:\n    image: IMAGE\n   b: x\n", CONFIG, "cmp-yaml"),
    "colon": ("services:\n  a:\n    image: IMAGE\n    command: echo a: b\n", CONFIG, "cmp-yaml"),
    "twice": ("services:\n  a: {image: IMAGE}\n  a: {image: IMAGE}\n", CONFIG, "cmp-yaml"),
    "noimage": ("services: {a: {command: 'true'}}", CONFIG, "cmp-noimage"),
    "netmode": ("services: {a: {image: IMAGE, network_mode: host, networks: [default]}}", CONFIG, "cmp-netmode"),
    "replicas": ("services: {a: {image: IMAGE, container_name: x1, deploy: {replicas: 2}}}", CONFIG, "cmp-scale-name"),
    "extends": ("services: {a: {extends: {service: b}}}", CONFIG, "cmp-refused"),
    "dollar": ("services: {a: {image: IMAGE, command: 'echo ${NOPE'}}", CONFIG, "cmp-refused"),
    "nothing": ("", CONFIG, "cmp-refused"),
    "file": (
        "services: {a: {image: IMAGE, secrets: [key]}}\nsecrets: {key: {file: ./key.txt}}",
        UP,
        "cmp-secret-missing",
    ),
    "nocap": (f"services: {{a: {{image: IMAGE, {DEVICES % '{count: 1}'}}}}}", CONFIG, "gpu-compose-nocap"),
    "both": ("services: {a: {image: IMAGE, gpus: [{count: 1, device_ids: ['0']}]}}", CONFIG, "gpu-count-ids"),
}


def pair(a: str, b: str) -> str:
    """A file of two services."""
    return f"services: {{a: {{image: IMAGE, {a}}}, b: {{image: IMAGE, {b}}}}}"


NEEDS = "depends_on: {b: {condition: service_healthy}}"
NEEDS_JOB = "depends_on: {b: {condition: service_completed_successfully}}"
FAILS = "command: sh -c 'exit 3'"

# What only a run shows: the message's code, and where a container waits in vain (`a`), the one that its state gets.
RUNS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "unhealthy": (pair(NEEDS, f"command: sleep 60, {SICK}"), UP, "cmp-dep-unhealthy"),
    "nohealth": (pair(NEEDS, "command: sleep 60"), UP, "cmp-dep-nohealth"),
    "exited": (pair(NEEDS, f"{FAILS}, healthcheck: {{test: 'true', interval: 1s}}"), UP, "cmp-dep-exited"),
    "job": (pair(NEEDS_JOB, FAILS), UP, "cmp-job-failed"),
    "wait": (pair("command: sleep 60", "command: 'true'"), (*UP, "--wait"), "cmp-wait-exit0"),
    "scale": (
        "services: {a: {image: IMAGE, command: sleep 60, ports: ['127.0.0.1:28770:80']}}",
        (*UP, "--scale", "a=2"),
        "cmp-scale-port",
    ),
    "named": (
        "services: {a: {image: IMAGE, command: sleep 60, container_name: dalab-compose-one}}",
        (*UP, "--scale", "a=2"),
        "cmp-scale-name",
    ),
    "unset": ("services: {a: {image: IMAGE, command: 'echo $DALAB_NOPE'}}", CONFIG, "cmp-unset-var"),
}
WAITING = {"unhealthy", "nohealth", "exited", "job"}

STACK = {
    "stack-depends": "services: {a: {image: IMAGE, depends_on: {b: {condition: service_started}}}, b: {image: IMAGE}}",
    "stack-ignored": "services: {a: {image: IMAGE, build: ., network_mode: host, privileged: true, restart: always}}",
}


def written(root: Path, name: str, text: str) -> Workspace:
    """A folder with a compose file, as a project of its own."""
    folder = root / f"dalab-compose-{name}"
    folder.mkdir()
    (folder / "compose.yaml").write_text(text.replace("IMAGE", IMAGE))
    reads = connect({**os.environ, **fixtures.engine_environment()}).reads
    return Workspace(host=reads, root=folder, context=ProjectContext(), project=folder.name)


def looked_at(root: Path, name: str) -> list[str]:
    """What is wrong with the answers about one file: those to the message, and to the folder without one."""
    text, command, code = {**FILES, **RUNS}[name]
    ws = written(root, name, text)
    done = docker("compose", *command, cwd=ws.root)
    try:
        said = explained(f"{done.stdout}{done.stderr}")
        wrong = [] if said == [code] else [f"{name}: of the message {said}: {done.stderr[-300:]}"]
        if name in WAITING:
            found = [each.code for each in examined(ws) if each.object == "a"]
        elif name in FILES:
            found = [each.code for each in examine(collect(ws))][:1]
        else:
            return wrong
        return wrong if found == [code] else [*wrong, f"{name}: of the folder {found}"]
    finally:
        if command[0] == "up":
            docker("compose", "kill", cwd=ws.root)
            docker("compose", "down", "--volumes", "--remove-orphans", "-t", "0", cwd=ws.root)


def test_a_refused_file_is_explained_by_its_message_and_by_itself(tmp_path: Path) -> None:
    images.ensure_image("busybox")
    with ThreadPoolExecutor(6) as pool:
        answers = pool.map(partial(looked_at, tmp_path), [*RUNS, *FILES])
    assert [line for answer in answers for line in answer] == []


def test_a_stack_that_swarm_does_not_take_is_explained(tmp_path: Path) -> None:
    for code, text in STACK.items():
        ws = written(tmp_path, code, f"version: '3.8'\n{text}")
        done = docker("stack", "deploy", "--detach", "-c", "compose.yaml", "dalab-compose", cwd=ws.root)
        assert explained(f"{done.stdout}{done.stderr}") == [code]


def until(asked: Callable[[], str], word: str) -> str:
    """What is answered, as soon as a word stands in it."""
    limit = time.monotonic() + 30
    while word not in (answer := asked()) and time.monotonic() < limit:
        time.sleep(0.3)
    return answer


SERVICES: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "noimage": (("nosuch:1",), "Rejected", "swarm-noimage"),
    "nolabel": (("--constraint", "node.labels.x==1", IMAGE), "no suitable", "swarm-nonode"),
    "nomemory": (("--reserve-memory", "500g", IMAGE), "no suitable", "swarm-nonode"),
    "nogpu": (("--generic-resource", "gpu=1", IMAGE), "no suitable", "swarm-nonode"),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="a second engine needs root")
def test_what_swarm_mode_says_is_explained() -> None:
    with second_engine([images.ensure_image("busybox")]) as environment:

        def swarm(*words: str) -> str:
            done = docker(*words, environment=environment)
            return f"{done.stdout}{done.stderr}"

        swarm("swarm", "init", "--advertise-addr", "127.0.0.1")
        create = ("service", "create", "--detach", "--no-resolve-image", "--stop-grace-period", "0s", "--name")
        for name, (words, _, _) in SERVICES.items():
            swarm(*create, name, *words)
        update = ("--update-failure-action", "rollback", "--update-monitor", "1s", "--rollback-monitor", "1s")
        swarm(*create, "kept", *update, IMAGE, "sleep", "600")
        until(lambda: swarm("service", "ps", "kept"), "Running ")
        try:
            for name, (_, word, code) in SERVICES.items():
                said = until(lambda name=name: swarm("service", "ps", "--no-trunc", name), word)
                assert explained(said) == [code], said
            updated = swarm("service", "update", "--args", "false", "--restart-delay", "0s", "kept")
            assert explained(updated) == ["swarm-rollback"], updated
            state = until(lambda: swarm("service", "inspect", "kept", "--format", "{{json .UpdateStatus}}"), "rollback")
            assert explained(state) == ["swarm-rollback"], state
        finally:
            swarm("service", "rm", "kept", *SERVICES)
