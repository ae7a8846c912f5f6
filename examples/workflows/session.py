# ruff: noqa: INP001, T201
"""What the workflows share: a folder and a project of their own, commands shown as they are typed, and clean-up."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
AGENT = (sys.executable, "-m", "docker_agent")
ROUTED_WITHIN_S = 15.0


class Failed(Exception):
    """A command did not end as the workflow expects; the workflow ends with its exit code."""

    def __init__(self, words: str, code: int = 1) -> None:
        super().__init__(words)
        self.code = code or 1


@dataclass(frozen=True)
class Session:
    """One workflow under way: its folder, and the environment of all that it runs."""

    folder: Path
    environment: Mapping[str, str]

    def say(self, words: str) -> None:
        """Print a remark."""
        print(f"\n# {words}", flush=True)

    def agent(self, *words: str, expect: int = 0) -> str:
        """Show a command line of docker-agent, run it, show what it prints as it comes, and answer that.

        Raises
        ------
        Failed: it ended with another code.
        """
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        print(f"$ docker-agent {shown}", flush=True)
        code, said = self.follow(AGENT + words)
        if code != expect:
            raise Failed(f"docker-agent {shown} ended with {code}, not {expect}", code)
        return said

    def docker(self, *words: str) -> str:
        """Run docker, and answer what it printed.

        Raises
        ------
        Failed: it failed.
        """
        done = self.run(("docker", *words))
        if done.returncode != 0:
            raise Failed(f"docker {' '.join(words)}: {done.stdout.strip()[-500:]}", done.returncode)
        return done.stdout

    def follow(self, argv: tuple[str, ...]) -> tuple[int, str]:
        """Run a command in the folder and show each line as it comes; answers its exit code and all it said."""
        lines: list[str] = []
        with subprocess.Popen(
            argv,
            cwd=self.folder,
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            try:
                for line in running.stdout or ():
                    lines.append(line)
                    print(line, end="", flush=True)
            except BaseException:
                running.kill()
                raise
        return running.returncode, "".join(lines)

    def run(self, argv: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder, and keep what it says."""
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


def run(main: Callable[[], int]) -> int:
    """Run a workflow's main function; answers its exit code, that of the first failure, 130 where it was stopped."""
    try:
        return main()
    except Failed as error:
        print(f"\nThe workflow failed: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("\nStopped; what the workflow made is removed.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def ask(port: int, host: str) -> tuple[int, str]:
    """The status that a site answers, 0 for none, and the version of the application that says so."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    try:
        client.request("GET", "/", headers={"Host": host})
        answer = client.getresponse()
        answer.read()
        return answer.status, answer.getheader("X-App-Version", "")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        client.close()


def once_routed(port: int, host: str) -> int:
    """The status that a site answers as soon as Traefik has read its labels, which takes it up to two seconds."""
    deadline = time.monotonic() + ROUTED_WITHIN_S
    while (status := ask(port, host)[0]) in {0, 404} and time.monotonic() < deadline:
        time.sleep(0.2)
    return status


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
        if shutil.which("docker") is not None:
            remove(here, project)
        shutil.rmtree(home, ignore_errors=True)


def remove(here: Session, project: str) -> None:
    """Remove what a workflow made on the engine: containers, networks, volumes, and versions of its application."""
    down = ("docker", "compose", "-p", project, "down", "--volumes", "--remove-orphans", "--timeout", "0")
    here.run(down)
    named = ("--filter", f"reference={project}-*", "--format", "{{.Repository}}:{{.Tag}}")
    built = here.run(("docker", "image", "ls", *named)).stdout.split()
    if built:
        here.run(("docker", "image", "rm", *built))


def make_images(environment: Mapping[str, str], names: tuple[str, ...]) -> None:
    """Make the images that no registry has; those that are there already are left.

    Raises
    ------
    Failed: there is no engine, or one of them could not be made.
    """
    reason = environment.get("DOCKER_AGENT_LAB_REASON", "")
    if reason or shutil.which("docker") is None:
        raise Failed(f"it needs a Docker Engine: {reason or 'the docker command is not installed'}")
    argv = ("docker", "version", "--format", "{{.Server.Version}}")
    answered = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if answered.returncode != 0:
        raise Failed(f"it needs a Docker Engine: {answered.stderr.strip()[-300:]}")
    argv = (sys.executable, "-m", "tests.lab", "images", *names)
    done = subprocess.run(argv, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise Failed("the images could not be made")
