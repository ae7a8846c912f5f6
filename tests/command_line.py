"""The command line as a person runs it: a program of its own, in a folder, a compose project and a state of its own."""

from __future__ import annotations

import errno
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Done = subprocess.CompletedProcess[str]

EXAMPLES = Path(__file__).parents[1] / "examples"
AGENT = (sys.executable, "-m", "docker_agent")
HEARING = ("env", "--default-signal=INT")
NOWHERE = "unix:///nonexistent/docker.sock"
LIMIT_S = 120.0


def bare_environment() -> dict[str, str]:
    """This process's environment without what would choose a model, a state or a project."""
    ours = ("ANTHROPIC_", "DOCKER_AGENT_", "COMPOSE_", "XDG_STATE_HOME", "DOCKER_CONTEXT", "DOCKER_HOST")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@dataclass(frozen=True)
class Place:
    """A project's folder and the environment of every command that is run in it."""

    root: Path
    project: str
    environment: Mapping[str, str]

    @property
    def state(self) -> Path:
        """The folder of journals, audit logs and saved plans."""
        return Path(self.environment["DOCKER_AGENT_STATE"])

    def inside(self, folder: Path) -> Place:
        """The same in another folder."""
        return replace(self, root=folder)

    def agent(self, *words: str, say: str = "", **variables: str) -> Done:
        """Run docker-agent to its end, with no terminal."""
        return self._run((*AGENT, *words), say, variables)

    def agent_json(self, *words: str, **variables: str) -> dict[str, Any]:
        """Run docker-agent with --json and give the object that it prints."""
        done = self.agent("--json", *words, **variables)
        assert done.stdout.startswith("{"), done.stderr
        return json.loads(done.stdout)

    def start_agent(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """Start docker-agent and do not wait; Ctrl-C reaches it also where this process ignores it."""
        return subprocess.Popen(
            (*HEARING, *AGENT, *words),
            cwd=self.root,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def agent_at_terminal(self, answer: str, *words: str, **variables: str) -> tuple[int, str]:
        """Run docker-agent at a terminal and type an answer once it asks; gives the exit code and all it showed."""
        return at_terminal((*AGENT, *words), answer, self.root, {**self.environment, **variables})

    def docker(self, *words: str) -> Done:
        """Run docker with the engine of this place."""
        return self._run(("docker", *words), "", {})

    def container(self, service: str) -> dict[str, Any]:
        """What inspect says of a service's first container, an empty mapping where there is none."""
        wanted = (f"label=com.docker.compose.{key}" for key in (f"project={self.project}", f"service={service}"))
        filters = [word for label in wanted for word in ("--filter", label)]
        ids = self.docker("ps", "-aq", *filters).stdout.split()
        return json.loads(self.docker("inspect", ids[0]).stdout)[0] if ids else {}

    def wait_until(self, holds: Callable[[], bool], seconds: float = 40.0) -> None:
        """Wait until something holds, and fail where it does not in time."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.docker("compose", "ps", "--all").stdout
            time.sleep(0.3)

    def _run(self, argv: Sequence[str], say: str, variables: Mapping[str, str]) -> Done:
        return subprocess.run(
            argv,
            cwd=self.root,
            env={**self.environment, **variables},
            input=say,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )


def make_place(root: Path, project: str, state: Path, engine: Mapping[str, str], example: str = "") -> Place:
    """A folder, filled with a copy of an example where one is named; `engine` holds the variables that lead to it."""
    if example:
        shutil.copytree(EXAMPLES / example, root)
    else:
        root.mkdir(exist_ok=True)
    chosen = {"DOCKER_AGENT_STATE": str(state), "DOCKER_AGENT_MODEL": "offline", "COMPOSE_PROJECT_NAME": project}
    return Place(root, project, {**bare_environment(), **engine, **chosen})


def read_well(done: Done, code: int, *words: str) -> None:
    """Check an exit code, that standard error holds some words, and that no traceback was printed."""
    shown = f"exit code {done.returncode}\n--- out\n{done.stdout[-3000:]}\n--- err\n{done.stderr[-3000:]}"
    assert "Traceback" not in done.stdout + done.stderr, shown
    assert code == done.returncode, shown
    for word in words:
        assert word in done.stderr, f"{word!r} is not in\n{shown}"


def at_terminal(argv: Sequence[str], answer: str, cwd: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a program at a pseudo-terminal and type an answer when it shows `[y/N]`."""
    master, slave = pty.openpty()
    known = {**environment, "TERM": "xterm", "COLUMNS": "100"}
    program = subprocess.Popen(argv, cwd=cwd, env=known, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    typed = False
    deadline = time.monotonic() + LIMIT_S
    while (piece := _piece_of(master, deadline)) != b"":
        shown += piece
        if not typed and b"[y/N]" in shown:
            typed = True
            os.write(master, answer.encode())
    if time.monotonic() >= deadline:
        program.kill()
    code = program.wait()
    os.close(master)
    return code, shown.decode("utf-8", "replace")


def _piece_of(master: int, deadline: float) -> bytes:
    if not select.select([master], [], [], max(0.0, deadline - time.monotonic()))[0]:
        return b""
    try:
        return os.read(master, 65_536)
    except OSError as error:
        if error.errno == errno.EIO:
            return b""
        raise
