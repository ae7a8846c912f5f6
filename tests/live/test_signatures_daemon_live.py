"""Failures of the engine itself: killed, its disk full, without control groups, without IPVS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.lab import engine, fixtures, images
from tests.lab.second_engine import APART, second_engine
from tests.live.failures import explained

from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine
from docker_agent.host.engine import connect
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

IMAGE = images.tag("busybox")
WAIT_S = 15.0
HIDE_CGROUPS = 'umount -R -l /sys/fs/cgroup; exec timeout -k 1 10 dockerd --config-file "$0"'


def said(*argv: str, environment: Mapping[str, str] | None = None) -> str:
    """What a program says on both outputs, with a docker that is asked by this environment."""
    done = subprocess.run(
        argv,
        env={**os.environ, **fixtures.engine_environment(), **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return f"{done.stdout}{done.stderr}"


@contextmanager
def small_disk(path: Path) -> Generator[Path]:
    """A file system of its own for an engine's data, with room for Swarm's log of 64 MB and little else."""
    path.mkdir()
    assert said("mount", "-t", "tmpfs", "-o", "size=150m", "dalab-daemon", str(path)) == ""
    try:
        yield path
    finally:
        engine.unmount(path)


def folder_of(reached: Mapping[str, str]) -> Path:
    """Where the second engine keeps its socket, its log and its configuration."""
    return Path(reached["DOCKER_HOST"].removeprefix("unix://")).parent


def crash(folder: Path, container: str) -> None:
    """Kill engine, containerd, shim and container at once, as a crash of the host does."""
    numbers = [container]
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = entry.read_bytes().split(b"\0")
            program = words[0].rpartition(b"/")[2]
            if program.startswith((b"dockerd", b"containerd")) and any(str(folder).encode() in each for each in words):
                numbers.append(entry.parent.name)
    for number in numbers:
        os.kill(int(number), signal.SIGKILL)
    # After a reboot these numbers belong to nobody; here the dead may not be collected yet.
    for name in ("docker.pid", "exec/containerd/containerd.pid"):
        (folder / name).unlink(missing_ok=True)


@contextmanager
def started_again(folder: Path) -> Generator[None]:
    """The engine of a folder, started once more over the same data."""
    argv = (*APART, str(folder / "daemon.json"))
    (folder / "docker.sock").unlink(missing_ok=True)
    with (folder / "log").open("a") as log, subprocess.Popen(argv, stdout=log, stderr=log) as daemon:
        try:
            until = time.monotonic() + WAIT_S
            while not engine.answers(folder / "docker.sock"):
                assert time.monotonic() < until, "the engine does not come back"
                time.sleep(0.1)
            yield
        finally:
            daemon.terminate()


def test_an_engine_that_is_full_or_was_killed_is_recognised(tmp_path: Path) -> None:
    images.ensure_image("busybox")
    with small_disk(tmp_path / "data") as data, second_engine([IMAGE], settings={"data-root": str(data)}) as reached:
        said("docker", "run", "-d", "--name", "lost", "--network=none", IMAGE, "sleep", "600", environment=reached)
        large = tmp_path / "large"
        with large.open("wb") as file:
            file.truncate(170_000_000)
        imported = f"tar -cf - -C {tmp_path} large | docker import -"
        full = said("sh", "-c", imported, environment=reached)
        assert explained(full) == ["disk-full-engine"], full
        crash(folder_of(reached), said("docker", "inspect", "lost", "-f", "{{.State.Pid}}", environment=reached))
        with started_again(folder_of(reached)):
            reads = connect({**os.environ, **reached}).reads
            workspace = Workspace(host=reads, root=tmp_path, context=ProjectContext(), project="")
            assert [finding.code for finding in examine(collect(workspace, ["lost"]))] == ["exit-255-crash"]
            said("docker", "rm", "-f", "lost", environment=reached)


def test_a_kernel_without_ipvs_is_recognised_where_swarm_mode_needs_it(tmp_path: Path) -> None:
    if Path("/proc/sys/net/ipv4/vs").is_dir():
        pytest.skip("this kernel has IPVS")
    settings = {"data-root": str(tmp_path / "data"), "bridge": ""}
    with small_disk(tmp_path / "data"), second_engine(settings=settings) as reached:
        log = folder_of(reached) / "log"
        said("docker", "swarm", "init", "--advertise-addr", "127.0.0.1", environment=reached)
        until = time.monotonic() + WAIT_S
        while "net.ipv4.vs" not in log.read_text() and time.monotonic() < until:
            time.sleep(0.2)
        assert explained(log.read_text()) == ["ipvs-missing"]
        said("docker", "swarm", "leave", "--force", environment=reached)


def test_an_engine_that_sees_no_control_groups_is_recognised() -> None:
    # A short path, because the sockets below it may have 107 characters at most.
    with TemporaryDirectory(prefix="dalab-", ignore_cleanup_errors=True) as name:
        places = {key: f"{name}/{key}" for key in ("data-root", "exec-root", "pidfile")}
        apart = {"hosts": [f"unix://{name}/docker.sock"], "bridge": "none", "iptables": False, "ip6tables": False}
        configuration = Path(name) / "daemon.json"
        configuration.write_text(json.dumps(places | apart))
        text = said("unshare", "--mount", "--net", "sh", "-c", HIDE_CGROUPS, str(configuration))
        assert explained(text) == ["cgroup-devices"], text
