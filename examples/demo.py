# ruff: noqa: INP001, T201
"""The main job on a real engine in under a minute: a stack that keeps crashing, the cause, the plan, the proof, undo.

`make demo` runs it. Where no engine can be had, it shows what needs none. Standard library only.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
AGENT = (sys.executable, "-m", "docker_agent")
IMAGE = "docker-agent-lab/busybox:1"
STARTED_WITHIN_S = 20.0


def main() -> int:
    """Show what can be shown here; the exit code is that of the first command that failed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with a_copy() as (folder, environment):
            reason = os.environ.get("DOCKER_AGENT_LAB_REASON") or without_engine(environment)
            return show_without_engine(folder, environment, reason) if reason else show_main_job(folder, environment)
    except KeyboardInterrupt:
        print("\nStopped; what the demonstration made is removed.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


@contextmanager
def a_copy() -> Generator[tuple[Path, Mapping[str, str]]]:
    """A copy of the example with a project name and a state folder of its own; removed at the end, come what may."""
    home = Path(tempfile.mkdtemp(prefix="docker-agent-demo-"))
    project = f"demo-{secrets.token_hex(3)}"
    ours = {"DOCKER_AGENT_STATE": str(home / "state"), "COMPOSE_PROJECT_NAME": project}
    environment = {**os.environ, **ours, "COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "quiet"}
    folder = home / "shop"
    shutil.copytree(HERE / "broken" / "crash-loop", folder)
    try:
        yield folder, environment
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if shutil.which("docker") is not None:
            docker(home, environment, "compose", "-p", project, "down", "--volumes", "--timeout", "0")
        shutil.rmtree(home, ignore_errors=True)


def without_engine(environment: Mapping[str, str]) -> str:
    """Why there is no engine with the image, or nothing."""
    if shutil.which("docker") is None:
        return "the docker command is not installed"
    answered = docker(ROOT, environment, "version", "--format", "{{.Server.Version}}")
    if answered.returncode != 0:
        return answered.stderr.strip().splitlines()[-1] if answered.stderr.strip() else "no Docker Engine answers"
    if docker(ROOT, environment, "image", "inspect", IMAGE).returncode != 0:
        made = subprocess.run((sys.executable, "-m", "tests.lab", "images"), cwd=ROOT, env=environment, check=False)
        return "" if made.returncode == 0 else f"the image {IMAGE} could not be made"
    return ""


def show_main_job(folder: Path, environment: Mapping[str, str]) -> int:
    """Start the stack, wait until it crashes, let the agent mend it, and undo that."""
    say("A shop whose web server is killed for memory again and again:")
    command = "docker compose up -d"
    print(f"$ {command}", flush=True)
    started = docker(folder, environment, *command.split()[1:])
    if started.returncode != 0:
        print(started.stderr, file=sys.stderr)
        return started.returncode
    wait_for_crashes(folder, environment)
    print("$ docker compose ps --all", flush=True)
    columns = "table {{.Service}}\t{{.Status}}"
    print(docker(folder, environment, "compose", "ps", "--all", "--format", columns).stdout)
    say("One sentence: the cause with its evidence, the plan, the change, the proof.")
    codes = [agent(folder, environment, "investigate why web keeps restarting", "--yes", "--model", "offline")]
    say("What was done is journalled, and can be undone.")
    codes += [agent(folder, environment, "log"), agent(folder, environment, "undo", "--yes", "--quiet")]
    return next((code for code in codes if code != 0), 0)


def show_without_engine(folder: Path, environment: Mapping[str, str], reason: str) -> int:
    """Show the checks that need no engine; that the example has findings is no failure."""
    say(f"No Docker Engine here, so the main job cannot be shown: {reason}")
    say("These need none:")
    for words in (("compose", "check"), ("compose", "fix"), ("context",)):
        agent(folder, environment, *words)
    return 0


def agent(folder: Path, environment: Mapping[str, str], *words: str) -> int:
    """Print a command line as a person would type it, run it, and give its exit code."""
    shown = " ".join(f'"{word}"' if " " in word else word for word in words)
    print(f"$ docker-agent {shown}", flush=True)
    argv = (*AGENT, *words)
    code = subprocess.run(
        argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, check=False
    ).returncode
    print(flush=True)
    return code


def docker(folder: Path, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run docker and keep what it says."""
    argv = ("docker", *words)
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def wait_for_crashes(folder: Path, environment: Mapping[str, str]) -> None:
    """Wait until the web server lies down again after two restarts."""
    deadline = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < deadline:
        ids = docker(folder, environment, "compose", "ps", "--all", "--quiet", "web").stdout.split()
        state = docker(folder, environment, "inspect", "--format", "{{.State.Status}} {{.RestartCount}}", *ids).stdout
        status, _, count = state.strip().partition(" ")
        if status == "restarting" and int(count) >= 2:
            return
        time.sleep(0.2)


def say(words: str) -> None:
    """Print a remark."""
    print(f"# {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
