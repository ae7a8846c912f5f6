"""The containers of a project at a glance."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.stack import say_port, say_state
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace


class Row(BaseModel):
    """One container in a line; `foreign` means that it belongs to another project."""

    model_config = ConfigDict(frozen=True)

    name: str
    service: str
    state: str
    health: str
    restarts: int
    image: str
    ports: tuple[str, ...]
    project: str
    foreign: bool


class StackList(BaseModel):
    """The containers that were asked for, and how many of other projects were left out."""

    model_config = ConfigDict(frozen=True)

    project: str
    containers: tuple[Row, ...]
    others: int


@tool(
    risk=Risk.READ,
    untrusted="names, labels and errors of containers",
    examples=(
        "docker-agent stack list",
        "docker-agent stack list --all-projects --json",
    ),
)
def list(  # noqa: A001
    ws: Workspace,
    all_projects: Annotated[bool, "Also show containers of other projects and of none."] = False,
    running_only: Annotated[bool, "Leave out stopped containers."] = False,
) -> StackList:
    """List the containers of this project with state, health, restarts, image and ports.

    Start here to see what runs. A state like "exited (137)" carries the exit code; go on with `diagnose` for the cause.
    """
    everything = ws.host.containers(include_stopped=not running_only)
    shown = [container for container in everything if all_projects or ws.owns_container(container)]
    return StackList(
        project=ws.project,
        containers=tuple(_row(ws, container) for container in shown),
        others=len(everything) - len(shown),
    )


def _row(ws: Workspace, container: Container) -> Row:
    return Row(
        name=container.name,
        service=container.service,
        state=say_state(container),
        health=container.health if container.running else "",
        restarts=container.restart_count,
        image=container.image,
        ports=tuple(dict.fromkeys(say_port(port) for port in container.ports)),
        project=container.project,
        foreign=not ws.owns_container(container),
    )
