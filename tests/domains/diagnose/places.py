"""A fake machine with one broken or healthy service, for the tests of signatures and fixes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docker_agent.host.fake import START, World
from docker_agent.host.models import Container, Event, HealthResult, Listener, Mount, Network
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

ROOT = Path("/project")
PROJECT = "shop"
OTHER = "  db:\n    image: db:1\n"


@dataclass(frozen=True)
class Case:
    """One service as the engine shows it, and the code that should come first; "" for nothing.

    Attributes
    ----------
    container: fields of the container `web`.
    lines: its log.
    events: (action, seconds ago, attributes).
    body: what the compose file says for it, one line each.
    others: further containers.
    listeners: what listens inside containers, by name; by default what they publish.
    networks: the engine's networks.
    """

    code: str
    container: Mapping[str, Any]
    lines: Sequence[str] = ()
    events: Sequence[tuple[str, float, Mapping[str, str]]] = ()
    body: Sequence[str] = ()
    others: Sequence[Container] = field(default=())
    listeners: Mapping[str, list[Listener]] = field(default_factory=dict[str, list[Listener]])
    networks: Sequence[Network] = field(default=())


def stamp(ago: float) -> str:
    """A time before now as the engine writes it."""
    return datetime.fromtimestamp(START - ago, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z"


def container(name: str = "web", **fields: Any) -> Container:
    """A container of the project, running unless the fields say otherwise."""
    plain: dict[str, Any] = {
        "id": f"id-{name}",
        "name": f"{PROJECT}-{name}-1",
        "image": "busybox:1",
        "project": PROJECT,
        "service": name,
        "status": "running",
        "started_at": stamp(300),
        "created_at": stamp(400),
    }
    if fields.get("status") == "created":
        plain["started_at"] = ""
    if fields.get("status") in {"exited", "restarting", "dead"}:
        plain["finished_at"] = stamp(100)
    return Container(**{**plain, **fields})


def world_of(case: Case) -> World:
    """The machine of a case, with a compose file of the services `web` and, where there is one, `db`."""
    world = World()
    web = container(**case.container)
    world.add(web, *case.others)
    world.say(web.name, *case.lines, stream="stderr")
    world.listeners.update(case.listeners)
    world.networks.update({network.name: network for network in case.networks})
    for action, ago, attributes in case.events:
        world.happened.append(
            Event(
                time=START - ago,
                kind="container",
                action=action,
                actor=web.id,
                name=web.name,
                attributes=dict(attributes),
            )
        )
    body = "".join(f"    {line}\n" for line in case.body)
    with_db = OTHER if any(each.service == "db" for each in case.others) else ""
    world.files[ROOT / "compose.yaml"] = (
        f"name: {PROJECT}\nservices:\n  web:\n    image: busybox:1\n{body}{with_db}"
    ).encode()
    return world


def workspace(world: World) -> Workspace:
    """The workspace of the project on that machine."""
    return Workspace(host=world.host.reads, root=ROOT, context=ProjectContext(), project=PROJECT)


def ended(code: int, **fields: Any) -> dict[str, Any]:
    """Fields of a container that ended with a code."""
    return {"status": "exited", "exit_code": code, **fields}


def never_started(error: str, code: int = 128, **fields: Any) -> dict[str, Any]:
    """Fields of a container that the engine could not start."""
    return {"status": "created", "exit_code": code, "error": error, **fields}


def checked(code: int, output: str, times: int = 3) -> tuple[HealthResult, ...]:
    """The log of a health check that gave the same answer several times."""
    return tuple(HealthResult(start=stamp(9), end=stamp(8), exit_code=code, output=output) for _ in range(times))


def mounted(kind: str, target: str, *, read_only: bool = False) -> tuple[Mount, ...]:
    """One mount."""
    return (Mount(kind=kind, target=target, name="data", source="/srv/data", read_only=read_only),)
