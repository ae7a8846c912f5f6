# ruff: noqa: INP001, T201
"""What the workflows share: a folder and a project of their own, commands shown as they are typed, and clean-up."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
AGENT = (sys.executable, "-m", "docker_agent")


class Failed(Exception):
    """A command did not end as the workflow expects."""


@dataclass(frozen=True)
class Session:
    """One workflow under way: its folder, and the environment of all that it runs."""

    folder: Path
    environment: Mapping[str, str]

    def say(self, words: str) -> None:
        """Print a remark."""
        print(f"\n# {words}", flush=True)

    def agent(self, *words: str, expect: int = 0) -> str:
        """Show a command line of docker-agent, run it, and answer what it printed.

        Raises
        ------
        Failed: it ended with another code.
        """
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        print(f"$ docker-agent {shown}", flush=True)
        done = self._run(AGENT + words)
        print(done.stdout, end="", flush=True)
        if done.returncode != expect:
            raise Failed(f"docker-agent {shown} ended with {done.returncode}, not {expect}")
        return done.stdout

    def docker(self, *words: str) -> str:
        """Run docker, and answer what it printed.

        Raises
        ------
        Failed: it failed.
        """
        done = self._run(("docker", *words))
        if done.returncode != 0:
            raise Failed(f"docker {' '.join(words)}: {done.stdout.strip()[-500:]}")
        return done.stdout

    def _run(self, argv: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@contextmanager
def session(stack: str, images: tuple[str, ...]) -> Generator[Session]:
    """A copy of a stack with a project name and a state folder of its own; removed at the end, come what may."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    home = Path(tempfile.mkdtemp(prefix="docker-agent-workflow-"))
    home.chmod(0o755)
    project = f"{stack}-{secrets.token_hex(3)}"
    environment = {
        **os.environ,
        "DOCKER_AGENT_STATE": str(home / "state"),
        "COMPOSE_PROJECT_NAME": project,
        "COMPOSE_PROGRESS": "quiet",
        "DOCKER_SOCKET": os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"),
    }
    folder = home / stack
    shutil.copytree(HERE / stack, folder)
    here = Session(folder, environment)
    try:
        make_images(environment, images)
        yield here
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        down = ("docker", "compose", "-p", project, "down", "--volumes", "--remove-orphans", "--timeout", "0")
        subprocess.run(down, cwd=home, env=environment, capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)


def make_images(environment: Mapping[str, str], names: tuple[str, ...]) -> None:
    """Make the images that no registry has; those that are there already are left."""
    argv = (sys.executable, "-m", "tests.lab", "images", *names)
    done = subprocess.run(argv, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise Failed("the images could not be made")
