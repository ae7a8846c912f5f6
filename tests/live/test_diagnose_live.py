"""Failures made on purpose on a real engine, all side by side, each recognised by its own signature."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.lab import fixtures, images

from docker_agent.core.finding import Finding
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.snapshot import Snapshot, collect
from docker_agent.host.engine import connect
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-diagnose"

# Service name: (expected code, "" for a healthy one; what the service says in the compose file).
CASES: dict[str, tuple[str, str]] = {
    "notexec": ("exit-126-notexec", 'command: ["/etc/passwd"]'),
    "notfound": ("exit-127-notfound", 'command: ["nosuchcmd"]'),
    "mountkind": ("exit-127-mount", 'command: ["true"], volumes: ["./missing.conf:/etc/passwd"]'),
    "nouser": ("run-user", 'command: ["true"], user: nosuch'),
    "inshell": ("exit-127-in-shell", 'command: ["sh", "-c", "nosuchcmd"]'),
    "inshell2": ("exit-126-in-shell", 'command: ["sh", "-c", "/etc/passwd"]'),
    "syntax": ("exit-2-shell-syntax", 'command: ["sh", "-c", "if"]'),
    "app": ("exit-1-app", 'command: ["sh", "-c", "echo boom >&2; exit 1"]'),
    "loop": ("restart-loop", 'command: ["sh", "-c", "echo crash; exit 3"], restart: always'),
    "job": ("restart-loop-exit0", 'command: ["true"], restart: always'),
    "gaveup": ("onfailure-exhausted", 'command: ["sh", "-c", "exit 4"], restart: "on-failure:2"'),
    "oom": ("exit-137-oom", 'command: ["tail", "/dev/zero"], mem_limit: 16m, memswap_limit: 16m'),
    "oomloop": (
        "exit-137-oom",
        'command: ["sh", "-c", "sleep 1; exec tail /dev/zero"], mem_limit: 16m, memswap_limit: 16m, restart: always',
    ),
    "oomchild": (
        "oom-child-exit0",
        'command: ["sh", "-c", "tail /dev/zero; sleep 600"], mem_limit: 16m, memswap_limit: 16m',
    ),
    "deaf": ("exit-137-stop-timeout", 'command: ["sleep", "600"], stop_grace_period: 1s'),
    "killed": ("exit-137-kill", 'command: ["sleep", "600"]'),
    "segv": ("exit-139", 'command: ["sh", "-c", "kill -SEGV $$$$"], init: true'),
    "abrt": ("exit-134", 'command: ["sh", "-c", "kill -ABRT $$$$"], init: true'),
    "ill": ("exit-132", 'command: ["sh", "-c", "kill -ILL $$$$"], init: true'),
    "bus": ("exit-135", 'command: ["sh", "-c", "kill -BUS $$$$"], init: true'),
    "fpe": ("exit-136", 'command: ["sh", "-c", "kill -FPE $$$$"], init: true'),
    "paused": ("paused", 'command: ["sleep", "600"]'),
    "unhealthy": (
        "health-unhealthy",
        'command: ["sleep", "600"], healthcheck: {test: "echo nope; exit 1", interval: 1s, retries: 2}',
    ),
    "slowcheck": (
        "health-timeout",
        'command: ["sleep", "600"], healthcheck: {test: "sleep 10", interval: 1s, timeout: 1s, retries: 2}',
    ),
    "notool": (
        "health-tool-missing-shell",
        'command: ["sleep", "600"], healthcheck: {test: "curl -f http://localhost:80/", interval: 1s, retries: 2}',
    ),
    "notoolexec": (
        "health-tool-missing-exec",
        'command: ["sleep", "600"], healthcheck: {test: ["CMD", "curl", "http://localhost"], interval: 1s, retries: 2}',
    ),
    "starting": (
        "health-starting-forever",
        'command: ["sleep", "600"], healthcheck: {test: "false", interval: 1s, start_period: 90s, start_interval: 1s}',
    ),
    "waiting": ("cmp-dep-unhealthy", 'command: ["true"], depends_on: {unhealthy: {condition: service_healthy}}'),
    "fewpids": (
        "pids-limit",
        'command: ["sh", "-c", "for i in 1 2 3 4 5 6 7; do sleep 5 & done; wait"], pids_limit: 5',
    ),
    "shm": ("shm-full", 'command: ["dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=80"]'),
    "tmpfs": ("tmpfs-full", 'command: ["dd", "if=/dev/zero", "of=/d/x", "bs=1M", "count=2"], tmpfs: ["/d:size=1m"]'),
    "readonly": ("ro-rootfs", 'command: ["sh", "-c", "echo x > /tmp/x"], read_only: true'),
    "romount": ("ro-mount", 'command: ["sh", "-c", "echo x > /v/x"], volumes: ["data:/v:ro"]'),
    "permbind": ("perm-bind", 'command: ["touch", "/d/x"], user: "1000", volumes: ["./own:/d"]'),
    "permvolume": ("perm-named-volume", 'command: ["touch", "/d/x"], user: "1000", volumes: ["fresh:/d"]'),
    "permroot": ("perm-rootfs", 'command: ["sh", "-c", "echo x > /x"], user: "1000"'),
    "chown": ("cap-chown", 'command: ["chown", "1:1", "/etc/passwd"], cap_drop: [ALL]'),
    "lowport": (
        "low-port",
        'command: ["httpd", "-f", "-p", "80"], user: "1000", sysctls: {net.ipv4.ip_unprivileged_port_start: 1024}',
    ),
    "badlog": ("log-opt", 'command: ["true"], logging: {driver: json-file, options: {max-size: zz}}'),
    "faraway": (
        "log-remote-down",
        'command: ["true"], logging: {driver: fluentd, options: {fluentd-address: "127.0.0.1:24299"}}',
    ),
    "fewfiles": ("nofile-runc", 'command: ["true"], ulimits: {nofile: 6}'),
    "holder": ("", 'command: ["httpd", "-f", "-p", "80"], ports: ["127.0.0.1:28651:80"]'),
    "taken": ("port-allocated", 'command: ["httpd", "-f", "-p", "80"], ports: ["127.0.0.1:28651:80"]'),
    "hostport": ("port-inuse-host", 'command: ["httpd", "-f", "-p", "80"], ports: ["127.0.0.1:28652:80"]'),
    "badaddress": ("port-addr", 'command: ["httpd", "-f", "-p", "80"], ports: ["192.0.2.9:28653:80"]'),
    "noformat": ("exit-255-exec-format", 'command: ["/p"], volumes: ["./noformat:/p:ro"]'),
    "nointerpreter": ("exec-no-such-file", 'command: ["/p"], volumes: ["./nointerpreter:/p:ro"]'),
    "localhost": ("net-localhost", 'command: ["nc", "127.0.0.1", "5432"]'),
    "refused": ("net-conn-refused", 'command: ["nc", "holder", "5432"]'),
    "nodevice": ("vol-bind-opt", 'command: ["true"], volumes: ["gone:/d"]'),
    "gpu": (
        "gpu-no-driver",
        'command: ["true"], deploy: {resources: {reservations: {devices: [{driver: nvidia, capabilities: [gpu]}]}}}',
    ),
    "nodeheap": (
        "exit-134-node-heap",
        'command: ["sh", "-c", "echo FATAL ERROR: JavaScript heap out of memory; kill -ABRT $$$$"], init: true',
    ),
    "ended": (
        "exit-0-unexpected",
        'command: ["true"], healthcheck: {test: "true"}',
    ),
    "chatty": ("log-disk", 'command: ["sh", "-c", "while :; do seq 1 30; sleep .05; done"]'),
    "busy": ("cpu-throttle", 'command: ["sh", "-c", "while :; do :; done"], cpus: 0.1'),
    "server": (
        "",
        'command: ["httpd", "-f", "-p", "8080"], healthcheck: {test: "nc -w 1 127.0.0.1 8080", interval: 1s}',
    ),
    "plain": ("", 'command: ["sleep", "600"], init: true, restart: unless-stopped'),
    "finished": ("", 'command: ["sh", "-c", "echo migrated"]'),
    "stopped": ("", 'command: ["sleep", "600"], init: true'),
    "stoppedwell": ("", """command: ["sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait"], restart: always"""),
}


def docker(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run docker with the environment of the lab's engine."""
    environment = {**os.environ, **fixtures.engine_environment()}
    argv = ("docker", *words)
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120)


def do(words: tuple[str, ...]) -> None:
    """Run docker and do not mind a failure."""
    docker(*words)


def start_one(name: str) -> None:
    """Start a container; many of them cannot."""
    docker("start", name)


def write_project(root: Path) -> None:
    """Write the compose file and what it mounts."""
    services = "".join(
        f"  {name}: {{image: docker-agent-lab/busybox:1, {body}}}\n" for name, (_, body) in CASES.items()
    )
    volumes = (
        "volumes:\n  data:\n  fresh:\n"
        "  gone: {driver_opts: {type: none, o: bind, device: /nonexistent/dalab-diagnose}}\n"
    )
    (root / "compose.yaml").write_text(f"name: {PROJECT}\nservices:\n{services}{volumes}")
    (root / "own").mkdir(mode=0o700)
    (root / "noformat").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(11) + b"\xb7\x00" + bytes(100))
    (root / "nointerpreter").write_text("#!/bin/nosuchshell\n")
    for name in ("noformat", "nointerpreter"):
        (root / name).chmod(0o755)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """All cases started side by side on the real engine, looked at once."""
    images.ensure_image("busybox")
    root = tmp_path_factory.mktemp("broken")
    root.parent.chmod(0o755)
    write_project(root)
    docker("compose", "-p", PROJECT, "down", "--volumes", "--remove-orphans", cwd=root)
    created = docker("compose", "create", cwd=root)
    assert created.returncode == 0, created.stderr
    listener = socket.create_server(("127.0.0.1", 28652))
    try:
        docker("start", f"{PROJECT}-holder-1")
        rest = [f"{PROJECT}-{name}-1" for name in CASES if name not in {"holder", "waiting"}]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(start_one, rest))
            after = [
                ("stop", f"{PROJECT}-deaf-1"),
                ("kill", f"{PROJECT}-killed-1"),
                ("pause", f"{PROJECT}-paused-1"),
                ("stop", "-t", "5", f"{PROJECT}-stopped-1"),
                ("stop", "-t", "5", f"{PROJECT}-stoppedwell-1"),
            ]
            list(pool.map(do, after))
        time.sleep(6)
        reads = connect({**os.environ, **fixtures.engine_environment()}).reads
        yield collect(Workspace(host=reads, root=root, context=ProjectContext(), project=PROJECT), with_stats=True)
    finally:
        listener.close()
        docker("compose", "-p", PROJECT, "kill", cwd=root)
        docker("compose", "-p", PROJECT, "down", "--volumes", "--remove-orphans", "-t", "0", cwd=root)


@pytest.fixture(scope="module")
def findings(snapshot: Snapshot) -> list[Finding]:
    """What all signatures say of that look."""
    return examine(snapshot)


def test_everything_was_looked_at(snapshot: Snapshot) -> None:
    assert snapshot.not_looked_at == ()
    assert sorted(CASES) == sorted(container.service for container in snapshot.containers)


@pytest.mark.parametrize("service", [name for name, (code, _) in CASES.items() if code])
def test_the_failure_is_recognised(service: str, findings: list[Finding]) -> None:
    of_service = [finding for finding in findings if finding.object == service]
    assert [CASES[service][0]] == [finding.code for finding in of_service][:1], of_service
    first = of_service[0]
    assert first.evidence
    assert all(len(evidence.quote) <= 200 for evidence in first.evidence)
    assert first.cause
    assert first.fix


@pytest.mark.parametrize("service", [name for name, (code, _) in CASES.items() if not code])
def test_nothing_is_said_of_a_healthy_one(service: str, findings: list[Finding]) -> None:
    assert [finding for finding in findings if finding.object == service] == []


def test_a_memory_kill_names_the_limit_in_the_file(findings: list[Finding]) -> None:
    oom = next(finding for finding in findings if finding.object == "oomloop")
    sources = {evidence.source: evidence for evidence in oom.evidence}
    assert {"inspect", "event", "compose"} <= set(sources)
    assert "16m" in sources["compose"].quote
    assert sources["compose"].where.startswith("compose.yaml:")
    assert oom.fixable
