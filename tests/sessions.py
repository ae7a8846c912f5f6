"""A session in a small shop on a fake machine, with a scripted model, for the tests of what is above the door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.doors import Watch

from docker_agent.agent.model import Request, Text, ToolUse, Turn
from docker_agent.agent.scripted import ScriptedModel
from docker_agent.app import Options, Session, open_session
from docker_agent.host.fake import World
from docker_agent.host.models import Container
from docker_agent.policy.approve import Approver, NoApprover
from docker_agent.policy.permit import Mode

SECRET = "kT9v!xQ2mZ"
FINE = """\
name: shop
services:
  web:
    image: web:1
    environment:
      DB_PASSWORD: ${DB_PASSWORD}
"""


def call(tool: str, number: int = 1, **arguments: Any) -> ToolUse:
    return ToolUse(f"call-{number}", tool, arguments)


def calls(*uses: ToolUse) -> Turn:
    return Turn(uses, "tool_use")


def says(text: str) -> Turn:
    return Turn((Text(text),), "end_turn")


def shop(root: Path, compose: str = FINE, **files: str) -> World:
    """A machine with a running web server and, in the folder, a compose file and a secret in `.env`."""
    world = World()
    env = (f"DB_PASSWORD={SECRET}", "API_TOKEN=zX8w-only-in-the-container")
    world.add(
        Container(
            id="1" * 12, name="shop-web-1", image="web:1", project="shop", service="web", status="running", env=env
        )
    )
    world.add(Container(id="2" * 12, name="blog", image="blog:1", project="blog", service="blog", status="running"))
    world.say("shop-web-1", "started", f"connecting with {SECRET}")
    for name, text in {"compose.yaml": compose, ".env": f"DB_PASSWORD={SECRET}\n", **files}.items():
        world.files[root / name] = text.encode()
    return world


def open_shop(
    folder: Path,
    turns: Sequence[Turn | Callable[[Request], Turn]] = (),
    *,
    mode: Mode | None = None,
    world: World | None = None,
    approver: Approver | None = None,
    overrides: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Session:
    """A session in `folder/shop`, its state in `folder/state`."""
    root = (folder / "shop").resolve()
    root.mkdir(exist_ok=True)
    return open_session(
        Options(root=root, mode=mode or Mode(), overrides=frozenset(overrides)),
        screen=Watch(),
        approver=approver or NoApprover(),
        environment={"DOCKER_AGENT_STATE": str(folder / "state"), **(environment or {})},
        host=(world or shop(root)).host,
        model=ScriptedModel(turns),
    )
