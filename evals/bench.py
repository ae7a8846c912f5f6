"""Measure what is promised of speed and size, and say for each whether it holds; `make bench` runs it.

Figures are medians, and ratios of times from one run: the machines it runs on are shared and noisy.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.agent.loop import Loop
from docker_agent.agent.model import Request, Text, ToolUse, Turn
from docker_agent.agent.scripted import ScriptedModel
from docker_agent.app import Options, Session, open_session
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.compose import check_model
from docker_agent.host.fake import World
from docker_agent.host.models import Container
from docker_agent.policy.approve import NoApprover
from docker_agent.policy.budget import Budget
from docker_agent.policy.redact import Redactor
from docker_agent.project.compose.model import load
from docker_agent.project.workspace import Workspace
from docker_agent.surfaces.screen import TerminalScreen

RUNS = 20
TURNS = 200
FILES = 500
CONTAINERS = 30
LOG_LINE = "2026-11-23T10:00:00Z GET /index.html 200 user=abc path: /srv/www secret-value-3-23757 a few more words\n"
COMPOSE = """services:
  web:
    image: web:{number}
    ports: ["{port}:80"]
    environment:
      DATABASE_URL: postgres://app:${{PASSWORD:-none}}@db/app
    depends_on: [db]
  db:
    image: postgres:15
    volumes: [data:/var/lib/postgresql/data]
volumes:
  data:
"""


@dataclass(frozen=True)
class Figure:
    """One measured figure and, where something is promised, the most or the least it may be."""

    what: str
    value: float
    unit: str
    limit: float | None = None

    least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return (self.limit is None or self.value <= self.limit) and (self.least is None or self.value >= self.least)

    @property
    def promise(self) -> str:
        """What is promised, and whether it holds; empty where nothing is."""
        bounds = (("at most", self.limit), ("at least", self.least))
        words = ", ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)
        return f"  {words}  {'holds' if self.holds else 'MISSED'}" if words else ""


class Nothing(BaseModel):
    """An answer with nothing in it."""

    model_config = ConfigDict(frozen=True)

    word: str = "nothing"


@tool(risk=Risk.READ, domain="bench")
def nothing(_workspace: Workspace, word: Annotated[str, "any word"] = "") -> Nothing:
    """Look at nothing."""
    return Nothing(word=word)


def show(figures: Sequence[Figure]) -> int:
    """Print figures; 1 where a promise is not kept."""
    for figure in figures:
        print(f"{figure.what:<44} {figure.value:>10.2f} {figure.unit:<7}{figure.promise}")
    return 0 if all(figure.holds for figure in figures) else 1


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def help_ratio() -> list[Figure]:
    """`docker-agent --help` against an empty Python, run in turns."""
    bare = [sys.executable, "-c", "pass"]
    ours = [sys.executable, "-m", "docker_agent", "--help"]
    pairs = [
        tuple(
            seconds(lambda argv=argv: subprocess.run(argv, stdout=subprocess.DEVNULL, check=True))
            for argv in (bare, ours)
        )
        for _ in range(RUNS)
    ]
    empty, full = (statistics.median(column) for column in zip(*pairs, strict=True))
    return [
        Figure("python -c pass, median of 20", empty * 1000, "ms"),
        Figure("docker-agent --help, median of 20", full * 1000, "ms"),
        Figure("docker-agent --help / python -c pass", full / empty, "x", 8),
    ]


def first_request(session: Session) -> list[Figure]:
    """The size of the first request, by four characters a token."""
    tools = [
        {"name": each.name, "description": each.description, "input_schema": each.schema} for each in session.visible()
    ]
    tokens = (len(session.system_prompt()) + len(json.dumps(tools))) / 4
    return [
        Figure("first request: system and tools", tokens, "tokens", 6_000),
        Figure("tools visible at first", len(tools), "tools", 25),
    ]


def loop_overhead(session: Session) -> list[Figure]:
    """What a turn costs beside the model: the loop, the door, one tool that looks at nothing."""
    session.door.tools = {**session.door.tools, nothing.name: nothing}

    def script(request: Request) -> Turn:
        del request
        number = loop.turns
        if number >= TURNS:
            return Turn((Text("done"),), "end_turn")
        return Turn((ToolUse(f"call{number}", nothing.name, {"word": str(number)}),), "tool_use")

    loop = Loop(
        model=ScriptedModel([script] * TURNS),
        door=lambda name, arguments: session.call(name, arguments, by="model"),
        visible=session.visible,
        core_tools=0,
        system="",
        budget=Budget(),
        redact=str,
    )
    spent = seconds(lambda: list(loop.ask("go")))
    return [Figure(f"loop and door, a turn of {TURNS}", spent / TURNS * 1000, "ms", 5)]


def redaction() -> list[Figure]:
    """Masking one megabyte of log with fifty secrets known."""
    redactor = Redactor({f"SECRET_{number}": f"secret-value-{number}-{number * 7919}" for number in range(50)})
    text = LOG_LINE * (1_000_000 // len(LOG_LINE))
    return [
        Figure(
            "masking 1 MB, 50 secrets", statistics.median(seconds(lambda: redactor.text(text)) for _ in range(5)), "s"
        )
    ]


def compose_files() -> list[Figure]:
    """Reading and checking many compose files."""
    texts = {Path(f"/p/{number}.yml"): COMPOSE.format(number=number, port=8000 + number) for number in range(FILES)}

    def check_all() -> None:
        for path in texts:
            check_model(load([path], read=lambda file: texts[file].encode(), variables={}), {})

    return [Figure(f"{FILES} compose files read and checked", seconds(check_all), "s")]


def diagnosis(folder: Path) -> list[Figure]:
    """Diagnosing a project of many containers, half of them crashed, through the door of a machine in memory."""
    world = World()
    for number in range(CONTAINERS):
        broken = number % 2 == 1
        name = f"bench-{number}"
        world.add(
            Container(
                id=f"{number:012d}",
                name=name,
                image="web:1",
                project="bench",
                service=f"web{number}",
                status="exited" if broken else "running",
                exit_code=1 if broken else 0,
            )
        )
        world.say(name, *(LOG_LINE for _ in range(200)))
    environment = {"DOCKER_AGENT_STATE": str(folder), "COMPOSE_PROJECT_NAME": "bench"}
    session = open_session(
        Options(root=folder),
        screen=TerminalScreen(silent=True),
        approver=NoApprover(),
        environment=environment,
        host=world.host,
    )
    spent = statistics.median(seconds(lambda: session.call("diagnose", {})) for _ in range(3))
    return [Figure(f"diagnose of {CONTAINERS} containers, no engine", spent, "s")]


def main() -> int:
    """Print every figure; the exit code is 1 where a promise is not kept."""
    with tempfile.TemporaryDirectory() as folder:
        session = open_session(
            Options(root=Path(folder)),
            screen=TerminalScreen(silent=True),
            approver=NoApprover(),
            environment={"DOCKER_AGENT_STATE": folder},
            host=World().host,
        )
        figures = [*help_ratio(), *first_request(session), *loop_overhead(session), *redaction(), *compose_files()]
        figures += diagnosis(Path(folder))
    return show(figures)


if __name__ == "__main__":
    sys.exit(main())
