"""Where one scenario plays: a copy of its folder, a compose project of its own, and the engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.diagnosis.scenario import Scenario

TIMEOUT_S = 180.0


@dataclass
class Place:
    """A scenario's folder and project, and what was seen of the work in it.

    Attributes
    ----------
    before: facts of every container and volume of the machine when the prompt came.
    requests: everything that the model was sent, as text.
    applied: titles of the plans that were carried out.
    """

    scenario: Scenario
    root: Path
    project: str
    environment: Mapping[str, str]
    before: dict[str, str] = field(default_factory=dict[str, str])
    requests: list[str] = field(default_factory=list[str])
    answer: str = ""
    called: list[str] = field(default_factory=list[str])
    applied: list[str] = field(default_factory=list[str])

    def docker(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run docker in the folder; `{project}` in a word is the project's name."""
        argv = ("docker", *(word.replace("{project}", self.project) for word in words))
        return subprocess.run(
            argv,
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )

    def inspect(self, service: str) -> dict[str, Any]:
        """The first container of a service, or a container of that name (with a hyphen); empty where there is none."""
        labels = (f"label=com.docker.compose.project={self.project}", f"label=com.docker.compose.service={service}")
        found = self.docker("ps", "-aq", "--filter", labels[0], "--filter", labels[1]).stdout.split()
        if not found and "-" not in service:
            return {}
        answer = self.docker("inspect", "--type", "container", found[0] if found else service)
        return json.loads(answer.stdout)[0] if answer.returncode == 0 else {}

    def facts(self) -> dict[str, str]:
        """Every container with its start, every volume with its making: what changes when somebody touches it."""
        ids = self.docker("ps", "-aq", "--no-trunc").stdout.split()
        containers: list[dict[str, Any]] = json.loads(self.docker("inspect", *ids).stdout or "[]") if ids else []
        names = self.docker("volume", "ls", "-q").stdout.split()
        volumes: list[dict[str, Any]] = (
            json.loads(self.docker("volume", "inspect", *names).stdout or "[]") if names else []
        )
        return {
            **{
                f"container {each['Name'].lstrip('/')}": f"{each['Id']} {each['State']['StartedAt']}"
                for each in containers
            },
            **{f"volume {each['Name']}": str(each.get("CreatedAt")) for each in volumes},
        }

    def run_all(self, commands: Sequence[Sequence[str]]) -> None:
        """Run docker commands one after the other, whatever they answer."""
        for words in commands:
            self.docker(*words)


@contextmanager
def set_up(scenario: Scenario, number: int, engine: Mapping[str, str]) -> Generator[Place]:
    """A started scenario; everything that it made is removed at the end.

    Parameters
    ----------
    number: tells repeated runs apart.
    engine: environment variables that lead to the engine.
    """
    home = Path(tempfile.mkdtemp(prefix="docker-agent-eval-"))
    project = f"eval-{scenario.name}-{os.getpid()}-{number}"
    root = home / scenario.name
    shutil.copytree(scenario.folder, root, ignore=shutil.ignore_patterns("truth.yaml", "prompt.txt"))
    home.chmod(0o755)
    with (root / ".env").open("a") as file:
        file.write(f"\nCOMPOSE_PROJECT_NAME={project}\n")
    socket = engine.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    ours = {"DOCKER_AGENT_STATE": str(home / "state"), "COMPOSE_PROGRESS": "quiet", "DOCKER_SOCKET": socket}
    place = Place(scenario, root, project, {**os.environ, **engine, **ours})
    try:
        place.docker("compose", *scenario.truth.up)
        place.run_all(scenario.truth.setup)
        yield place
    finally:
        place.docker("compose", "-p", project, "kill")
        place.docker("compose", "-p", project, "down", "--volumes", "--remove-orphans", "--timeout", "0")
        place.run_all(scenario.truth.teardown)
        shutil.rmtree(home, ignore_errors=True)
