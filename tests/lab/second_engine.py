"""A second engine for a test that needs a daemon of its own: other programs on its PATH, device files, swarm mode."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lab import engine, packages
from tests.lab.places import LabError

START_SECONDS = 30.0
STOP_SECONDS = 20.0
# In a network of its own the daemon can neither meet the lab's first one nor change the host's interfaces.
APART = ("unshare", "--net", "--", "sh", "-c", 'ip link set lo up 2>/dev/null; exec dockerd --config-file "$0"')


@contextmanager
def second_engine(
    images: Sequence[str] = (),
    *,
    programs: Mapping[str, str] | None = None,
    devices: Mapping[str, str] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Generator[dict[str, str]]:
    """Start a daemon beside the lab's own and give the environment that reaches it; its data is gone afterwards.

    Parameters
    ----------
    images: tags that the lab's engine has and this one is given.
    programs: shell scripts by name, which come first on the daemon's PATH.
    devices: CDI specifications by the name of their file.
    settings: what its daemon.json says besides where things lie.
    """
    packages.ensure_packages()
    engine.write_client_configuration()
    with tempfile.TemporaryDirectory(prefix="dalab-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for group, texts, mode in (("bin", programs, 0o755), ("cdi", devices, 0o644)):
            (folder / group).mkdir()
            for file, text in (texts or {}).items():
                (folder / group / file).write_text(text)
                (folder / group / file).chmod(mode)
        (folder / "daemon.json").write_text(json.dumps(_settings(folder) | dict(settings or {})))
        daemon = _start(folder)
        try:
            environment = {**engine.own_environment(), "DOCKER_HOST": f"unix://{folder}/docker.sock"}
            _wait(daemon, folder)
            if images:
                _copy(images, environment)
            yield environment
        finally:
            _stop(daemon)
            engine.unmount(folder / "data")


def _settings(folder: Path) -> dict[str, object]:
    return {
        "hosts": [f"unix://{folder}/docker.sock"],
        "data-root": str(folder / "data"),
        "exec-root": str(folder / "exec"),
        "pidfile": str(folder / "docker.pid"),
        "cdi-spec-dirs": [str(folder / "cdi")],
        "bridge": "none",
        "iptables": False,
        "ip6tables": False,
    }


def _start(folder: Path) -> subprocess.Popen[bytes]:
    path = f"{folder / 'bin'}{os.pathsep}{packages.search_path()}"
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [*APART, str(folder / "daemon.json")],
            env={**os.environ, "PATH": path},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(daemon: subprocess.Popen[bytes], folder: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while not engine.answers(folder / "docker.sock"):
        if daemon.poll() is not None or time.monotonic() > limit:
            last = (folder / "log").read_text(errors="replace").splitlines()[-1:]
            raise LabError(f"the second dockerd does not answer ({''.join(last)}); mend that and try again")
        time.sleep(0.1)


def _copy(images: Sequence[str], environment: Mapping[str, str]) -> None:
    here, there = {**os.environ, **engine.up().environment}, {**os.environ, **environment}
    with subprocess.Popen(["docker", "save", *images], env=here, stdout=subprocess.PIPE) as saved:
        subprocess.run(["docker", "load", "--quiet"], env=there, stdin=saved.stdout, check=True, capture_output=True)


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
