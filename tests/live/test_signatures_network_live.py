"""Failures of ports, networks and names, made on a real engine; and probes from inside a container's network."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from tests.lab import fixtures, images
from tests.live.failures import Broken, broken_project, check, docker, explained, refused

from docker_agent.core.plan import Plan, Write
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.fix import fix
from docker_agent.domains.diagnose.rank import examine
from docker_agent.host.engine import connect
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

NAME = "dalab-network"
IMAGE = "docker-agent-lab/busybox:1"
HTTPD = 'command: ["httpd", "-f", "-p", "80"]'
SLEEP = 'command: ["sleep", "600"], init: true'

SERVICES = {
    "web": Broken("", f'{HTTPD}, ports: ["127.0.0.1:28720:80"], networks: [front]'),
    "db": Broken("", f"{HTTPD}, networks: [back]"),
    "otherport": Broken("port-nolisten", 'command: ["httpd", "-f", "-p", "8080"], ports: ["127.0.0.1:28721:80"]'),
    "noport": Broken("port-nolisten", f'{SLEEP}, ports: ["127.0.0.1:28722:80"]'),
    "loopback": Broken(
        "port-loopback-bound", 'command: ["httpd", "-f", "-p", "127.0.0.1:80"], ports: ["127.0.0.1:28723:80"]'
    ),
    "hostnet": Broken("port-hostnet", f'{SLEEP}, network_mode: host, ports: ["28724:80"]'),
    "taken": Broken("port-allocated", f'{HTTPD}, ports: ["127.0.0.1:28720:80"]', start=False, after=(("start", "{}"),)),
    "takenbyhost": Broken("port-inuse-host", f'{HTTPD}, ports: ["127.0.0.1:28725:80"]'),
    "noaddress": Broken("port-addr", f'{HTTPD}, ports: ["192.0.2.9:28726:80"]'),
    "apart": Broken("net-isolation", 'command: ["nc", "-w", "3", "db", "80"], networks: [front]'),
    "aparttoo": Broken(
        "net-isolation",
        'command: ["sh", "-c", "nc -w 2 10.203.9.2 80 || { echo dial tcp 10.203.9.2:80: i/o timeout; exit 1; }"]',
    ),
    "fixed": Broken("", f"{SLEEP}, networks: {{fixed: {{ipv4_address: 10.203.9.2}}}}"),
    "usedaddress": Broken(
        "net-ip-used",
        f"{SLEEP}, networks: {{fixed: {{ipv4_address: 10.203.9.2}}}}",
        start=False,
        after=(("start", "{}"),),
    ),
    "alone": Broken("net-none", 'command: ["nc", "-w", "3", "1.1.1.1", "80"], network_mode: none'),
    "inside": Broken("net-internal", 'command: ["nc", "-w", "3", "1.1.1.1", "80"], networks: [shut]'),
    "insidename": Broken("net-internal", 'command: ["nc", "-w", "3", "example.org", "80"], networks: [shut]'),
    "gateway": Broken("net-host-gateway", 'command: ["nc", "-w", "3", "host.docker.internal", "80"]'),
    "unknown": Broken("dns-servfail", 'command: ["nslookup", "nosuchsvc"]'),
    "servfail": Broken("dns-servfail", 'command: ["nslookup", "nosuchsvc"], dns: [127.0.0.1]'),
    "silentdns": Broken("dns-timeout", 'command: ["nslookup", "example.org"], dns: [192.0.2.1], network_mode: bridge'),
    "onbridge": Broken("", f"{SLEEP}, network_mode: bridge"),
    "bridged": Broken("dns-default-bridge", f'command: ["ping", "-c", "1", "{NAME}-onbridge-1"], network_mode: bridge'),
    "refused": Broken("net-conn-refused", 'command: ["nc", "db", "81"], networks: [back]'),
    "self": Broken("net-localhost", 'command: ["nc", "127.0.0.1", "5432"]'),
}
NETWORKS = """networks:
  front:
  back:
  shut: {internal: true}
  fixed: {ipam: {config: [{subnet: 10.203.9.0/29}]}}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """All services started side by side, for longer than an application may take to open its port."""
    root = tmp_path_factory.mktemp("network")
    with (
        socket.create_server(("127.0.0.1", 28725)),
        broken_project(root, NAME, SERVICES, more=NETWORKS, settle_s=11.0) as made,
    ):
        yield made


def test_each_failure_of_a_service_is_recognised(workspace: Workspace) -> None:
    snapshot = collect(workspace)
    assert snapshot.not_looked_at == ()
    findings = examine(snapshot)
    check(SERVICES, findings)
    apart = next(finding for finding in findings if finding.object == "apart")
    assert f"apart is on {NAME}_front, db on {NAME}_back" in apart.message
    assert {finding.object for finding in findings if finding.fixable} >= {"apart", "gateway", "taken", "takenbyhost"}


def test_the_plan_for_services_apart_puts_them_on_one_network(workspace: Workspace) -> None:
    plan = fix.function(workspace, "net-isolation", "apart")
    assert isinstance(plan, Plan)
    write = plan.steps[0]
    assert isinstance(write, Write)
    compose = workspace.root / "compose.yaml"
    before = compose.read_text()
    compose.write_text(write.content)
    try:
        done = docker("compose", "run", "--rm", "-T", "apart", "nc", "-w", "1", "db", "80", cwd=workspace.root)
        assert done.returncode == 0, done.stderr
    finally:
        compose.write_text(before)


@contextmanager
def far_engine() -> Generator[str]:
    """The same engine at a TCP address, as a remote one is."""
    path = fixtures.engine_environment()["DOCKER_HOST"].removeprefix("unix://")

    def pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)
        one.close()

    def serve(door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(path)
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=serve, args=(door,), daemon=True).start()
        yield f"tcp://127.0.0.1:{door.getsockname()[1]}"
        door.shutdown(socket.SHUT_RDWR)


ASKED = {
    ("web", "http://web/nothing"): (404, ""),
    ("web", "tcp://web:80"): (0, ""),
    ("web", "tcp://web:81"): (0, "refused"),
    ("web", "tcp://db:80"): (0, "name not found"),
    ("web", "tcp://10.203.9.2:80"): (0, "timeout"),
    ("web", "dns:web"): (0, ""),
    ("onbridge", "tcp://198.51.100.1:9"): (0, None),
}


@pytest.mark.parametrize("near", [True, False], ids=["namespace", "exec"])
@pytest.mark.usefixtures("workspace")
def test_a_probe_tells_what_a_service_reaches(*, near: bool) -> None:
    with far_engine() as address:
        environment = fixtures.engine_environment() | ({} if near else {"DOCKER_HOST": address})
        reads = connect({**os.environ, **environment}).reads
        with ThreadPoolExecutor(8) as pool:
            tried = [pool.submit(reads.probe_from, f"{NAME}-{name}-1", to, timeout_s=2.0) for name, to in ASKED]
            answers = [each.result() for each in tried]
        heard = [(each.ip, each.port) for each in reads.listening(f"{NAME}-loopback-1")]
    for (asked, (status, failure)), answer in zip(ASKED.items(), answers, strict=True):
        assert ("tool of its image" in answer.way) is not near, answer
        assert answer.status == status, (asked, answer)
        assert answer.failure == failure or failure is None, (asked, answer)
    assert heard == [("127.0.0.1", 80)]


Refusal = Callable[[Path], str]


def run(*words: str) -> Refusal:
    """A container that the engine refuses to make or start."""
    return lambda _root: refused("run", "-d", "--name", f"{NAME}-refused-n{abs(hash(words))}", *words)


def composed(text: str) -> Refusal:
    """A compose file whose `up` is refused."""

    def up(root: Path) -> str:
        folder = root / f"c{abs(hash(text))}"
        folder.mkdir()
        (folder / "compose.yaml").write_text(f"name: {NAME}-c\nservices:\n  a: {{image: {IMAGE}, {text}\n")
        return refused("compose", "up", "-d", cwd=folder)

    return up


MESSAGES: tuple[tuple[str, Refusal], ...] = (
    ("port-allocated", run("-p", "127.0.0.1:28720:80", IMAGE, "true")),
    ("port-inuse-host", run("-p", "127.0.0.1:28725:80", IMAGE, "true")),
    ("port-addr", run("-p", "192.0.2.9:28727:80", IMAGE, "true")),
    ("port-range", run("-p", "70000:80", IMAGE, "true")),
    ("port-range", run("-p", "28727:80/icmp", IMAGE, "true")),
    ("net-missing", run("--network", "nosuchnet", IMAGE, "true")),
    ("net-missing", composed(f"networks: [x]}}\nnetworks:\n  x: {{external: true, name: {NAME}-nosuch}}")),
    ("net-in-use", lambda _root: refused("network", "rm", f"{NAME}_front")),
    ("net-overlap", lambda _root: refused("network", "create", "--subnet", "10.203.9.0/29", f"{NAME}-overlap")),
    ("net-ip-used", run("--network", f"{NAME}_fixed", "--ip", "10.203.9.2", IMAGE, "true")),
    ("net-ip-outside", run("--network", f"{NAME}_fixed", "--ip", "10.78.0.9", IMAGE, "true")),
    ("net-ip-default", run("--ip", "10.78.0.9", IMAGE, "true")),
    ("net-ip-default", composed("networks: {default: {ipv4_address: 10.79.0.9}}}")),
    ("net-container-missing", run("--network", "container:nosuch", IMAGE, "true")),
    ("net-container-ports", run("--network", f"container:{NAME}-web-1", "-p", "28728:80", IMAGE, "true")),
    ("net-link-missing", run("--link", "nosuch", IMAGE, "true")),
    ("port-nolisten", lambda _root: curl("http://127.0.0.1:28722/")),
    ("dns-servfail", lambda _root: said_inside("unknown")),
    ("dns-timeout", lambda _root: said_inside("silentdns")),
)


def curl(url: str) -> str:
    """What curl says of a URL."""
    argv = ("curl", "-sS", "-m", "5", url)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=10)
    return done.stderr


def said_inside(service: str) -> str:
    """What a container said."""
    done = docker("logs", f"{NAME}-{service}-1")
    return done.stdout + done.stderr


def test_what_the_engine_says_is_recognised(workspace: Workspace, tmp_path: Path) -> None:
    try:
        with ThreadPoolExecutor(4) as pool:
            texts = [each.result() for each in [pool.submit(refusal, tmp_path) for _, refusal in MESSAGES]]
    finally:
        rows = docker("ps", "-aq", "--filter", f"name={NAME}-refused-", "--filter", f"name={NAME}-c-").stdout.split()
        docker("rm", "-f", *rows)
        docker("network", "rm", f"{NAME}-c_default", f"{NAME}-overlap")
    got = [(code, explained(text, workspace.root), text) for (code, _), text in zip(MESSAGES, texts, strict=True)]
    wrong = [f"{code}: {found} for {text}" for code, found, text in got if found != [code]]
    assert not wrong, "\n".join(wrong)


def test_a_full_subnet_is_recognised(workspace: Workspace) -> None:
    with ExitStack() as stack:
        names = [f"{NAME}-refused-full{number}" for number in range(5)]
        stack.callback(docker, "rm", "-f", *names)
        done = [
            docker("run", "-d", "--name", name, "--network", f"{NAME}_fixed", IMAGE, "sleep", "60") for name in names
        ]
    texts = [each.stderr for each in done if each.returncode]
    assert texts
    assert explained(texts[-1], workspace.root) == ["net-ip-exhausted"]


def do(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in an environment."""
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def own_engine(folder: Path) -> Generator[tuple[dict[str, str], int]]:
    """A second engine in a network namespace of its own, with subnets for one network; its environment and process."""
    path = os.environ.get("PATH", "")
    environment = {**os.environ, "PATH": fixtures.engine_environment().get("PATH", path)}
    if shutil.which("dockerd", path=environment["PATH"]) is None:
        pytest.skip("there is no dockerd to start a second engine with")
    settings = {
        "hosts": [f"unix://{folder}/s.sock"],
        "data-root": f"{folder}/data",
        "exec-root": f"{folder}/exec",
        "pidfile": f"{folder}/pid",
        "ip-forward": False,
        "bip": "10.204.0.1/24",
        "default-address-pools": [{"base": "10.205.0.0/24", "size": 24}],
    }
    (folder / "daemon.json").write_text(json.dumps(settings))
    start = f"ip link set lo up; sysctl -w net.ipv4.ip_forward=0; exec dockerd --config-file {folder}/daemon.json"
    with (folder / "log").open("w") as log:
        argv = ("unshare", "-n", "sh", "-c", start)
        daemon = subprocess.Popen(argv, env=environment, stdout=log, stderr=log, start_new_session=True)
    environment["DOCKER_HOST"] = f"unix://{folder}/s.sock"
    try:
        until = time.monotonic() + 30
        while do(environment, "docker", "version").returncode:
            assert time.monotonic() < until, (folder / "log").read_text()[-2_000:]
            time.sleep(0.2)
        yield environment, daemon.pid
    finally:
        daemon.terminate()
        daemon.wait(30)


def test_an_engine_without_subnets_chains_or_forwarding(tmp_path: Path) -> None:
    images.ensure_image("busybox")
    saved = tmp_path / "image.tar"
    assert docker("save", "-o", str(saved), IMAGE).returncode == 0
    with own_engine(tmp_path) as (environment, pid):
        do(environment, "docker", "load", "-i", str(saved))
        do(environment, "docker", "network", "create", "one")
        assert explained(do(environment, "docker", "network", "create", "two").stderr) == ["net-pools-exhausted"]
        inside = ("nsenter", "-t", str(pid), "-n")
        do(environment, *inside, "iptables", "-t", "nat", "-F")
        do(environment, *inside, "iptables", "-t", "nat", "-X", "DOCKER")
        flushed = do(environment, "docker", "run", "-d", "-p", "28745:80", IMAGE, "true").stderr
        assert set(explained(flushed)) == {"net-iptables-flushed", "net-ipforward"}, flushed
        reads = connect(environment).reads
        found = examine(collect(Workspace(host=reads, root=tmp_path, context=ProjectContext(), project="none")))
        assert [finding.code for finding in found if finding.object == "engine"] == ["net-ipforward"]
