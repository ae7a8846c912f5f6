"""Failures made on purpose on a real engine, all side by side, each recognised by its own signature."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab import fixtures
from tests.live.failures import Broken, broken_project, check

from docker_agent.core.finding import Finding
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-diagnose"

CASES = {
    "holder": Broken("", 'command: ["httpd", "-f", "-p", "80"], ports: ["127.0.0.1:28651:80"]'),
    "notexec": Broken("exit-126-notexec", 'command: ["/etc/passwd"]'),
    "notfound": Broken("exit-127-notfound", 'command: ["nosuchcmd"]'),
    "mountkind": Broken("exit-127-mount", 'command: ["true"], volumes: ["./missing.conf:/etc/passwd"]'),
    "nouser": Broken("run-user", 'command: ["true"], user: nosuch'),
    "inshell": Broken("exit-127-in-shell", 'command: ["sh", "-c", "nosuchcmd"]'),
    "inshell2": Broken("exit-126-in-shell", 'command: ["sh", "-c", "/etc/passwd"]'),
    "syntax": Broken("exit-2-shell-syntax", 'command: ["sh", "-c", "if"]'),
    "app": Broken("exit-1-app", 'command: ["sh", "-c", "echo boom >&2; exit 1"]'),
    "loop": Broken("restart-loop", 'command: ["sh", "-c", "echo crash; exit 3"], restart: always'),
    "job": Broken("restart-loop-exit0", 'command: ["true"], restart: always'),
    "gaveup": Broken("onfailure-exhausted", 'command: ["sh", "-c", "exit 4"], restart: "on-failure:2"'),
    "oom": Broken("exit-137-oom", 'command: ["tail", "/dev/zero"], mem_limit: 16m, memswap_limit: 16m'),
    "oomloop": Broken(
        "exit-137-oom",
        'command: ["sh", "-c", "sleep 1; exec tail /dev/zero"], mem_limit: 16m, memswap_limit: 16m, restart: always',
    ),
    "oomchild": Broken(
        "oom-child-exit0",
        'command: ["sh", "-c", "tail /dev/zero; sleep 600"], mem_limit: 16m, memswap_limit: 16m',
    ),
    "deaf": Broken(
        "exit-137-stop-timeout", 'command: ["sleep", "600"], stop_grace_period: 1s', after=(("stop", "{}"),)
    ),
    "killed": Broken("exit-137-kill", 'command: ["sleep", "600"]', after=(("kill", "{}"),)),
    "segv": Broken("exit-139", 'command: ["sh", "-c", "kill -SEGV $$$$"], init: true'),
    "abrt": Broken("exit-134", 'command: ["sh", "-c", "kill -ABRT $$$$"], init: true'),
    "ill": Broken("exit-132", 'command: ["sh", "-c", "kill -ILL $$$$"], init: true'),
    "bus": Broken("exit-135", 'command: ["sh", "-c", "kill -BUS $$$$"], init: true'),
    "fpe": Broken("exit-136", 'command: ["sh", "-c", "kill -FPE $$$$"], init: true'),
    "paused": Broken("paused", 'command: ["sleep", "600"]', after=(("pause", "{}"),)),
    "unhealthy": Broken(
        "health-unhealthy",
        'command: ["sleep", "600"], healthcheck: {test: "echo nope; exit 1", interval: 1s, retries: 2}',
    ),
    "slowcheck": Broken(
        "health-timeout",
        'command: ["sleep", "600"], healthcheck: {test: "sleep 10", interval: 1s, timeout: 1s, retries: 2}',
    ),
    "notool": Broken(
        "health-tool-missing-shell",
        'command: ["sleep", "600"], healthcheck: {test: "curl -f http://localhost:80/", interval: 1s, retries: 2}',
    ),
    "notoolexec": Broken(
        "health-tool-missing-exec",
        'command: ["sleep", "600"], healthcheck: {test: ["CMD", "curl", "http://localhost"], interval: 1s, retries: 2}',
    ),
    "starting": Broken(
        "health-starting-forever",
        'command: ["sleep", "600"], healthcheck: {test: "false", interval: 1s, start_period: 90s, start_interval: 1s}',
    ),
    "waiting": Broken(
        "cmp-dep-unhealthy", 'command: ["true"], depends_on: {unhealthy: {condition: service_healthy}}', start=False
    ),
    "fewpids": Broken(
        "pids-limit",
        'command: ["sh", "-c", "for i in 1 2 3 4 5 6 7; do sleep 5 & done; wait"], pids_limit: 5',
    ),
    "shm": Broken("shm-full", 'command: ["dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=80"]'),
    "tmpfs": Broken(
        "tmpfs-full", 'command: ["dd", "if=/dev/zero", "of=/d/x", "bs=1M", "count=2"], tmpfs: ["/d:size=1m"]'
    ),
    "readonly": Broken("ro-rootfs", 'command: ["sh", "-c", "echo x > /tmp/x"], read_only: true'),
    "romount": Broken("ro-mount", 'command: ["sh", "-c", "echo x > /v/x"], volumes: ["data:/v:ro"]'),
    "permbind": Broken("perm-bind", 'command: ["touch", "/d/x"], user: "1000", volumes: ["./own:/d"]'),
    "permvolume": Broken("perm-named-volume", 'command: ["touch", "/d/x"], user: "1000", volumes: ["fresh:/d"]'),
    "permroot": Broken("perm-rootfs", 'command: ["sh", "-c", "echo x > /x"], user: "1000"'),
    "chown": Broken("cap-chown", 'command: ["chown", "1:1", "/etc/passwd"], cap_drop: [ALL]'),
    "lowport": Broken(
        "low-port",
        'command: ["httpd", "-f", "-p", "80"], user: "1000", sysctls: {net.ipv4.ip_unprivileged_port_start: 1024}',
    ),
    "badlog": Broken("log-opt", 'command: ["true"], logging: {driver: json-file, options: {max-size: zz}}'),
    "faraway": Broken(
        "log-remote-down",
        'command: ["true"], logging: {driver: fluentd, options: {fluentd-address: "127.0.0.1:24299"}}',
    ),
    "fewfiles": Broken("nofile-runc", 'command: ["true"], ulimits: {nofile: 6}'),
    "taken": Broken("port-allocated", 'command: ["httpd", "-f", "-p", "80"], ports: ["127.0.0.1:28651:80"]'),
    "hostport": Broken("port-inuse-host", 'command: ["httpd", "-f", "-p", "80"], ports: ["127.0.0.1:28652:80"]'),
    "badaddress": Broken("port-addr", 'command: ["httpd", "-f", "-p", "80"], ports: ["192.0.2.9:28653:80"]'),
    "noformat": Broken("exit-255-exec-format", 'command: ["/p"], volumes: ["./noformat:/p:ro"]'),
    "nointerpreter": Broken("exec-no-such-file", 'command: ["/p"], volumes: ["./nointerpreter:/p:ro"]'),
    "localhost": Broken("net-localhost", 'command: ["nc", "127.0.0.1", "5432"]'),
    "refused": Broken("net-conn-refused", 'command: ["nc", "holder", "5432"]'),
    "nodevice": Broken("vol-bind-opt", 'command: ["true"], volumes: ["gone:/d"]'),
    "gpu": Broken(
        "gpu-no-driver",
        'command: ["true"], deploy: {resources: {reservations: {devices: [{driver: nvidia, capabilities: [gpu]}]}}}',
    ),
    "nodeheap": Broken(
        "exit-134-node-heap",
        'command: ["sh", "-c", "echo FATAL ERROR: JavaScript heap out of memory; kill -ABRT $$$$"], init: true',
    ),
    "ended": Broken(
        "exit-0-unexpected",
        'command: ["true"], healthcheck: {test: "true"}',
    ),
    "chatty": Broken("log-disk", 'command: ["sh", "-c", "while :; do seq 1 300; sleep .05; done"]'),
    "server": Broken(
        "",
        'command: ["httpd", "-f", "-p", "8080"], healthcheck: {test: "nc -w 1 127.0.0.1 8080", interval: 1s}',
    ),
    "plain": Broken("", 'command: ["sleep", "600"], init: true, restart: unless-stopped'),
    "finished": Broken("", 'command: ["sh", "-c", "echo migrated"]'),
    "stopped": Broken("", 'command: ["sleep", "600"], init: true', after=(("stop", "-t", "5", "{}"),)),
    "stoppedwell": Broken(
        "",
        """command: ["sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait"], restart: always""",
        after=(("stop", "-t", "5", "{}"),),
    ),
}


BUSY = {"busy": Broken("cpu-throttle", 'command: ["sh", "-c", "while :; do :; done"], cpus: 0.1')}
VOLUMES = """volumes:
  data:
  fresh:
  gone: {driver_opts: {type: none, o: bind, device: /nonexistent/dalab-diagnose}}
"""


def write_files(root: Path) -> None:
    """Write what the services mount."""
    (root / "own").mkdir(mode=0o700)
    (root / "noformat").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(11) + b"\xb7\x00" + bytes(100))
    (root / "nointerpreter").write_text("#!/bin/nosuchshell\n")
    for name in ("noformat", "nointerpreter"):
        (root / name).chmod(0o755)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """All cases started side by side on the real engine."""
    root = tmp_path_factory.mktemp("broken")
    write_files(root)
    with (
        socket.create_server(("127.0.0.1", 28652)),
        broken_project(root, PROJECT, {**CASES, **BUSY}, more=VOLUMES) as started,
    ):
        yield started


@pytest.fixture(scope="module")
def snapshot(workspace: Workspace) -> Snapshot:
    """One look at them, while the engine remembers what happened: it keeps 256 events, those of health checks too."""
    return collect(workspace)


@pytest.fixture(scope="module")
def findings(snapshot: Snapshot) -> list[Finding]:
    """What all signatures say of that look."""
    return examine(snapshot)


def test_everything_was_looked_at(snapshot: Snapshot) -> None:
    assert snapshot.not_looked_at == ()
    assert sorted({**CASES, **BUSY}) == sorted(container.service for container in snapshot.containers)


def test_each_failure_is_recognised_and_nothing_is_said_of_the_healthy(findings: list[Finding]) -> None:
    check(CASES, findings)
    assert all(len(evidence.quote) <= 200 for finding in findings for evidence in finding.evidence)


def test_a_memory_kill_names_the_limit_in_the_file(findings: list[Finding]) -> None:
    oom = next(finding for finding in findings if finding.object == "oomloop")
    sources = {evidence.source: evidence for evidence in oom.evidence}
    assert {"inspect", "event", "compose"} <= set(sources)
    assert "16m" in sources["compose"].quote
    assert sources["compose"].where.startswith("compose.yaml:")
    assert oom.fixable


def test_throttling_is_said_once_a_container_has_settled(workspace: Workspace) -> None:
    found: list[str] = []
    until = time.monotonic() + 30.0
    while time.monotonic() < until:
        found = [finding.code for finding in examine(collect(workspace)) if finding.object == "busy"]
        if found:
            break
        time.sleep(1.0)
    assert found == ["cpu-throttle"]
