"""What docker, Compose and the engine say when they refuse a command, and the cause that is named for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker as sdk
import pytest
from tests.lab import fixtures, images
from tests.live.failures import docker, explained, refused

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

NAME = "dalab-refused"
IMAGE = images.tag("busybox")
UP, OFF, SILENT, DATA = f"{NAME}-up", f"{NAME}-off", f"{NAME}-silent", f"{NAME}-data"
NFS = "type=volume,dst=/x,volume-opt=type=nfs,volume-opt=o=addr=127.0.0.1,volume-opt=device=:/p"
GONE = "type=volume,dst=/x,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/nonexistent/dalab"

# What `docker run` refuses, by options and, after `--`, the command; `true` where there is none. The engine looks 15
# seconds for a plugin, so that row comes first.
RUNS: dict[str, tuple[str, ...]] = {
    "log-driver-missing": ("--log-driver nosuch",),
    "exit-125-cli-flag": ("--no-such-flag", "-m zz"),
    "exit-125-daemon-validate": ("-m 1k", "--cpus 6400", "--cpuset-cpus 5000", "-m 20m --memory-swap 10m"),
    "exit-126-notexec": ("-- /etc/passwd",),
    "exit-127-notfound": ("-- nosuch", "-- /nosuch/program"),
    "exit-127-mount": ("-v /etc/passwd:/etc",),
    "run-user": ("-u nosuch",),
    "workdir-file": ("-w /etc/passwd",),
    "bind-missing": ("--mount type=bind,src=/nonexistent/dalab,dst=/x",),
    "vol-name-invalid": ("-v data/web:/x",),
    "vol-mode": (f"-v {DATA}:/x:zz",),
    "vol-nfs": (f"--mount {NFS}",),
    "vol-bind-opt": (f"--mount {GONE}",),
    "log-opt": ("--log-opt max-size=zz",),
    "log-journald": ("--log-driver journald",),
    "log-remote-down": ("--log-driver fluentd --log-opt fluentd-address=127.0.0.1:28701",),
    "nofile-runc": ("--ulimit nofile=6:6",),
    "seccomp-file": ("--security-opt seccomp=/nosuch.json",),
    "seccomp": ("-- unshare -U true",),
    "mount-denied": ("-- mount -t tmpfs x /mnt",),
    "sysctl-ro": ("-- cp /etc/passwd /proc/sys/kernel/panic",),
    "disk-full-inodes": ("--tmpfs /d:size=1m,nr_inodes=2 -- touch /d/1 /d/2 /d/3",),
    "disk-full-container": ("--tmpfs /d:size=1m -- dd if=/dev/zero of=/d/x bs=1M count=2",),
    "cgroup-version": ("-- cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes",),
}
COMMANDS: dict[str, tuple[str, ...]] = {
    "vol-plugin": (f"volume create --driver nosuch {NAME}-x",),
    "exit-125-cli-flag": ("frobnicate",),
    "name-conflict": (f"create --name {UP} {IMAGE} true",),
    "not-running-exec": (f"exec {OFF} true", f"top {OFF}"),
    "exec-127": (f"exec {UP} nosuch", f"exec {UP} /nosuch"),
    "exec-cwd": (f"exec -w /nosuch {UP} pwd",),
    "exec-user": (f"exec -u nosuch {UP} id",),
    "cp-missing": (f"cp {UP}:/nosuch -",),
    "vol-in-use": (f"volume rm {DATA}",),
    "vol-missing": (f"volume rm {NAME}-nosuch",),
    "log-noread": (f"logs {SILENT}",),
    "cli-nodaemon": ("-H unix:///run/none.sock ps", "-H tcp://127.0.0.1:28702 ps"),
    "ctx-missing": ("--context nosuch ps",),
}
# What Compose refuses: a service's volumes, and the rest of the file.
FILES = {
    "vol-missing": ('"data:/d"', "volumes: {data: {external: true, name: dalab-refused-nosuch}}"),
    "vol-drive-letter": ('"x:/d"', "volumes: {x: {}}"),
    "bind-missing": ("{type: bind, source: /nonexistent/dalab, target: /d, bind: {create_host_path: false}}", ""),
}


@pytest.fixture(scope="module", autouse=True)
def containers() -> Iterator[None]:
    """A container that runs and collects nothing that ends, one that does not, and one whose log goes nowhere."""
    images.ensure_image("busybox")
    idle = ("sh", "-c", "sh -c 'sleep .1 & exec sleep 600' & exec sleep 600")
    made = (UP, OFF, SILENT)
    docker("rm", "-f", *made)
    docker("run", "-d", "--network", "none", "--name", UP, IMAGE, *idle)
    docker("create", "--network", "none", "--name", OFF, "-v", f"{DATA}:/d", IMAGE, "true")
    docker("create", "--network", "none", "--log-driver", "none", "--name", SILENT, IMAGE, "true")
    yield
    docker("rm", "-f", *made)
    docker("volume", "rm", DATA)


def differences(expected: list[tuple[str, tuple[str, ...]]]) -> list[tuple[str, list[str], str]]:
    """The refusals that are not explained by exactly the expected code, and by which they are."""

    def refusal(row: tuple[str, tuple[str, ...]]) -> str:
        return refused(*row[1])

    # Two programs that fail to start in one container at once may get each other's error (seen on 28.5).
    alone = [row for row in expected if row[1][0] == "exec"]
    others = [row for row in expected if row not in alone]
    with ThreadPoolExecutor(6) as pool:
        said = dict(zip(others, pool.map(refusal, others), strict=True))
    said |= {row: refusal(row) for row in alone}
    told = [(code, explained(text), text) for (code, _), text in said.items()]
    return [row for row in told if row[1] != [row[0]]]


def running(text: str) -> tuple[str, ...]:
    """The words of a `docker run` with these options and this command."""
    options, _, command = text.partition("-- ")
    return ("run", "--rm", "--network", "none", *options.split(), IMAGE, *(command.split() or ["true"]))


def test_what_docker_refuses_is_explained() -> None:
    rows = [(code, tuple(text.split())) for code, texts in COMMANDS.items() for text in texts]
    rows += [(code, running(text)) for code, texts in RUNS.items() for text in texts]
    no_ping = ("--cap-drop=NET_RAW", "--sysctl=net.ipv4.ping_group_range=1 0")
    rows += [
        ("no-command", ("run", "--rm", "--entrypoint", "", IMAGE)),
        ("ping-denied", ("run", "--rm", "--network", "none", *no_ping, IMAGE, "ping", "-c1", "127.0.0.1")),
    ]
    assert differences(rows) == []


def test_what_compose_refuses_of_volumes_is_explained(tmp_path: Path) -> None:
    rows: list[tuple[str, tuple[str, ...]]] = []
    for code, (volumes, more) in FILES.items():
        file = tmp_path / f"{code}.yaml"
        file.write_text(f"services:\n  a: {{image: {IMAGE}, network_mode: none, volumes: [{volumes}]}}\n{more}\n")
        rows.append((code, ("compose", "-p", f"{NAME}-{code}", "-f", str(file), "create")))
    try:
        assert differences(rows) == []
    finally:
        for _, words in rows:
            docker(*words[:-1], "down", "--volumes")


def test_what_the_client_cannot_reach_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**os.environ, **fixtures.engine_environment()}
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "docker", "ps")
    shut_out = subprocess.run(nobody, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert explained(shut_out.stderr) == ["cli-perm"]
    for version, code in (("1.99", "api-too-new"), ("1.12", "api-too-old")):
        monkeypatch.setenv("DOCKER_API_VERSION", version)
        assert explained(refused("ps")) == [code]
    monkeypatch.delenv("DOCKER_API_VERSION")
    if shutil.which("ssh"):
        assert explained(refused("-H", "ssh://nobody@127.0.0.1:28703", "ps")) == ["ssh-host"]


def test_an_archive_sent_as_a_form_is_explained() -> None:
    engine = sdk.APIClient(base_url=fixtures.engine_environment()["DOCKER_HOST"])
    answer = engine.put(
        f"{engine.base_url}/containers/{UP}/archive?path=/tmp",
        data=bytes(11_000_000),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    engine.close()
    assert explained(answer.text) == ["archive-post-too-large"]


def test_zombies_are_seen_in_a_list_of_processes() -> None:
    listed = docker("exec", UP, "ps", "-o", "pid,ppid,stat,comm")
    assert explained(listed.stdout) == ["zombies"], listed.stdout + listed.stderr


def test_two_removals_at_once_are_explained() -> None:
    def remove(name: str) -> str:
        return docker("rm", "-f", name).stderr

    told: list[list[str]] = []
    for _ in range(10):
        docker("run", "-d", "--network", "none", "--name", f"{NAME}-twice", IMAGE, "sleep", "600")
        with ThreadPoolExecutor(6) as pool:
            said = list(pool.map(remove, [f"{NAME}-twice"] * 6))
        told = [explained(text) for text in said if "in progress" in text]
        if told:
            break
    assert told
    assert all(codes == ["removal-in-progress"] for codes in told)
