"""One container in detail."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.stack import resolve, say_port, say_state
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace

SET = "<set>"
MAX_SECTION_CHARS = 20_000
MAX_OUTPUT_CHARS = 500

Section = Literal["", "State", "Config", "HostConfig", "NetworkSettings", "Mounts"]


class ContainerDetails(BaseModel):
    """What matters of one container; sizes in bytes, `raw` only where a section was asked for."""

    model_config = ConfigDict(frozen=True)

    name: str
    id: str
    service: str
    project: str
    foreign: bool
    image: str
    state: str
    error: str
    oom_killed: bool
    health: str
    failing_streak: int
    health_test: tuple[str, ...]
    last_health_output: str
    restarts: int
    restart_policy: str
    started_at: str
    finished_at: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    user: str
    env: dict[str, str]
    ports: tuple[str, ...]
    mounts: tuple[str, ...]
    networks: tuple[str, ...]
    memory_limit: int
    cpus: float
    pids_limit: int
    read_only: bool
    privileged: bool
    logging: str
    raw: str = ""


@tool(
    risk=Risk.READ,
    untrusted="container labels, commands and health output",
    examples=(
        "docker-agent stack inspect web",
        "docker-agent stack inspect web --section Mounts",
    ),
)
def inspect(
    ws: Workspace,
    container: Annotated[str, "A service, a container's name or the start of its id."],
    section: Annotated[Section, "Also show this section of the raw inspect answer."] = "",
) -> ContainerDetails:
    """Show one container: state, health, limits, mounts, networks, command and which variables are set.

    Values of environment variables are never shown, only their names. Ask for a raw section for a field that is not in
    the short answer.
    """
    found = resolve(ws, container)
    raw = ws.quote(_raw_section(found, section), MAX_SECTION_CHARS) if section else ""
    return ContainerDetails(
        name=found.name,
        id=found.id[:12],
        service=found.service,
        project=found.project,
        foreign=not ws.owns_container(found),
        image=found.image,
        state=say_state(found),
        error=found.error,
        oom_killed=found.oom_killed,
        health=found.health,
        failing_streak=found.failing_streak,
        health_test=found.health_test,
        last_health_output=ws.quote(found.health_log[-1].output, MAX_OUTPUT_CHARS) if found.health_log else "",
        restarts=found.restart_count,
        restart_policy=_policy(found),
        started_at=found.started_at,
        finished_at=found.finished_at,
        entrypoint=found.entrypoint,
        command=found.command,
        user=found.user,
        env={entry.split("=", 1)[0]: SET for entry in found.env},
        ports=tuple(dict.fromkeys(say_port(port) for port in found.ports)),
        mounts=tuple(
            f"{mount.name or mount.source or mount.kind} -> {mount.target}{' (read-only)' if mount.read_only else ''}"
            for mount in found.mounts
        ),
        networks=tuple(f"{place.network} {place.ip}".strip() for place in found.networks),
        memory_limit=found.memory_limit,
        cpus=found.cpus,
        pids_limit=found.pids_limit,
        read_only=found.read_only,
        privileged=found.privileged,
        logging=" ".join([found.log_driver, *(f"{key}={value}" for key, value in sorted(found.log_options.items()))]),
        raw=raw,
    )


def _policy(container: Container) -> str:
    return f"{container.restart_policy}:{container.restart_max}" if container.restart_max else container.restart_policy


def _raw_section(container: Container, section: str) -> str:
    content: Any = container.raw.get(section, {})
    if section == "Config":
        content = {**content, "Env": [f"{entry.split('=', 1)[0]}={SET}" for entry in container.env]}
    return json.dumps(content, indent=1, sort_keys=True, default=str)
