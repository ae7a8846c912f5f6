"""Find a reachable Docker Engine, or start and stop one that belongs to the lab."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.lab import packages
from tests.lab.places import LabError, home, locked, runtime, say

START_SECONDS = 60.0
STOP_SECONDS = 45.0
CLIENT_VARIABLES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "PATH")


@dataclass(frozen=True)
class Engine:
    """An engine that answers, with the environment that reaches it."""

    environment: dict[str, str]
    started: bool


def address() -> str:
    """Return the address at which the lab's own engine listens."""
    return f"unix://{runtime()}/docker.sock"


def own_environment() -> dict[str, str]:
    """Return the variables that lead any client to the lab's own engine and its plugins."""
    return {
        "DOCKER_HOST": address(),
        "DOCKER_CONFIG": str(home() / "client"),
        "PATH": packages.search_path(),
    }


def answers(at: Path | None = None) -> bool:
    """Tell whether the lab's own engine, or one at another socket, answers a ping."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10)
            connection.connect(str(at or runtime() / "docker.sock"))
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 OK" in connection.recv(64)
    except OSError:
        return False


def foreign_environment() -> dict[str, str] | None:
    """Return the caller's own client variables if they already reach some engine."""
    if os.environ.get("DOCKER_HOST") == address() or not shutil.which("docker"):
        return None
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        return None
    return {name: os.environ[name] for name in CLIENT_VARIABLES if name in os.environ}


def find() -> dict[str, str] | None:
    """Return the environment of an engine that answers now, without starting any."""
    reachable = foreign_environment()
    if reachable is None and answers():
        return own_environment()
    return reachable


def up() -> Engine:
    """Return a reachable engine, starting the lab's own one only if there is none."""
    environment = find()
    if environment is None:
        packages.check_host()
        with locked("engine"):
            if not answers():
                packages.ensure_packages()
                write_client_configuration()
                start()
                return Engine(own_environment(), started=True)
        environment = own_environment()
    return Engine(environment, started=False)


def write_client_configuration() -> None:
    """Give the docker client a configuration that finds the compose and buildx plugins."""
    plugins = packages.tree() / "usr/libexec/docker/cli-plugins"
    folder = home() / "client"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [str(plugins)]}))


def start() -> None:
    """Start the daemon, and try once more with fresh data if it cannot live with the old."""
    data, aside = home() / "data", home() / "data.broken"
    stop_daemon()
    if launch(data):
        return
    failure = LabError(f"dockerd ended at once ({last_words()}); mend that and try again")
    say("dockerd ended at once; trying with fresh data")
    shutil.rmtree(aside, ignore_errors=True)
    unmount(data)
    data.rename(aside)
    if launch(data):
        shutil.rmtree(aside, ignore_errors=True)
        return
    unmount(data)
    shutil.rmtree(data)
    aside.rename(data)
    raise failure


def unmount(data: Path) -> None:
    """Undo the mounts that a daemon leaves on and in its data directory when it ends at once."""
    command = ["umount", "--recursive", "--lazy", str(data)]
    while subprocess.run(command, capture_output=True, check=False).returncode == 0:
        pass


def launch(data: Path) -> bool:
    """Run the daemon in a session of its own and tell whether it lived to answer."""
    for folder in (data, runtime()):
        folder.mkdir(parents=True, exist_ok=True)
    configuration().write_text(json.dumps(settings(data), indent=2))
    # A stale file whose number now belongs to another process would keep dockerd from starting.
    (runtime() / "docker.pid").unlink(missing_ok=True)
    say("starting dockerd")
    with (runtime() / "dockerd.log").open("w") as log:
        daemon = subprocess.Popen(
            ["dockerd", "--config-file", str(configuration())],
            env={**os.environ, "PATH": packages.search_path()},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    limit = time.monotonic() + START_SECONDS
    while daemon.poll() is None:
        if answers():
            return True
        if time.monotonic() > limit:
            stop_daemon()
            raise LabError(f"dockerd does not answer ({last_words()}); mend that and try again")
        time.sleep(0.1)
    return False


def configuration() -> Path:
    """Return the daemon's configuration file, whose path also marks the process as the lab's."""
    return runtime() / "daemon.json"


def settings(data: Path) -> dict[str, object]:
    """Return the daemon's configuration, kept apart from any other engine of this host."""
    mtu = uplink_mtu()
    return {
        "hosts": [address()],
        "data-root": str(data),
        "exec-root": str(runtime() / "exec"),
        "pidfile": str(runtime() / "docker.pid"),
        "default-address-pools": [{"base": "172.16.0.0/12", "size": 24}],
        # Containers behind a narrower uplink would lose their large packets.
        "mtu": mtu,
        "default-network-opts": {"bridge": {"com.docker.network.driver.mtu": str(mtu)}},
    }


def uplink_mtu() -> int:
    """Return the packet size of the interface with the default route, or the usual 1500."""
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        interface, destination = line.split()[:2]
        if destination == "00000000":
            return int(Path(f"/sys/class/net/{interface}/mtu").read_text())
    return 1500


def last_words() -> str:
    """Return the last line of the daemon's log, which tells why it ended."""
    lines = (runtime() / "dockerd.log").read_text(errors="replace").splitlines()
    return lines[-1] if lines else "its log is empty"


def daemon_pid() -> int | None:
    """Return the process id of the lab's own daemon, if it runs."""
    try:
        pid = int((runtime() / "docker.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if is_ours(pid) else None


def is_ours(pid: int) -> bool:
    """Tell whether this process lives and is the lab's daemon; one not yet reaped is neither."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(configuration()).encode() in words


def down() -> bool:
    """Stop the engine that the lab started and tell whether there was one."""
    with locked("engine"):
        return stop_daemon()


def stop_daemon() -> bool:
    """Stop the lab's own daemon, its containers with it, and tell whether there was one."""
    pid = daemon_pid()
    if pid is None:
        return False
    say(f"stopping dockerd (process {pid})")
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        limit = time.monotonic() + STOP_SECONDS
        while time.monotonic() < limit:
            if not is_ours(pid):
                return True
            time.sleep(0.1)
    raise LabError(f"dockerd (process {pid}) does not end; stop it by its id")
