"""What running containers use, and their processes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import AgentError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.stack import resolve_all
from docker_agent.host.models import Stats
from docker_agent.project.workspace import Workspace

MAX_PROCESSES = 40
MAX_COMMAND_CHARS = 160


class Use(BaseModel):
    """What one container uses: CPU in percent of one core, memory in MiB; `throttled` is a share of 0 to 1."""

    model_config = ConfigDict(frozen=True)

    name: str
    cpu_percent: float
    memory_mib: float
    memory_percent_of_limit: float
    pids: int
    network_in: int
    network_out: int
    throttled: float


class Process(BaseModel):
    """One process of a container, as seen from the host."""

    model_config = ConfigDict(frozen=True)

    container: str
    pid: str
    user: str
    command: str


class Top(BaseModel):
    """Use of each running container; processes only where one was asked for; what could not be read is named."""

    model_config = ConfigDict(frozen=True)

    use: tuple[Use, ...]
    processes: tuple[Process, ...] = ()
    not_running: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()


@tool(
    risk=Risk.READ,
    untrusted="process command lines",
    examples=(
        "docker-agent stack top",
        "docker-agent stack top web",
    ),
)
def top(
    ws: Workspace,
    container: Annotated[str, "A service or container whose processes to show too; empty for the use of all."] = "",
) -> Top:
    """Show CPU, memory, processes and traffic of the running containers, measured over about one second.

    Without a container: one line for each of the project, heaviest memory first. With one: its processes as well.
    """
    chosen = resolve_all(ws, container) if container else [c for c in ws.host.containers() if ws.owns_container(c)]
    running = [each.name for each in chosen if each.running]
    processes: tuple[Process, ...] = ()
    missed: list[str] = []
    if container:
        for name in running:
            try:
                processes += _processes(ws, name)
            except AgentError as error:
                missed.append(f"processes of {name}: {error.message}")
    readings = ws.host.stats(running) if running else []
    return Top(
        use=tuple(sorted((_use(reading) for reading in readings), key=lambda use: -use.memory_mib)),
        processes=processes,
        not_running=tuple(each.name for each in chosen if not each.running),
        not_looked_at=tuple(missed),
    )


def _processes(ws: Workspace, name: str) -> tuple[Process, ...]:
    return tuple(
        Process(
            container=name,
            pid=entry.get("PID", ""),
            user=entry.get("UID", entry.get("USER", "")),
            command=ws.quote(entry.get("CMD", entry.get("COMMAND", "")), MAX_COMMAND_CHARS),
        )
        for entry in ws.host.processes(name)[:MAX_PROCESSES]
    )


def _use(reading: Stats) -> Use:
    limit = reading.memory_limit
    return Use(
        name=reading.name,
        cpu_percent=round(reading.cpu_percent, 1),
        memory_mib=round(reading.memory / 2**20, 1),
        memory_percent_of_limit=round(100 * reading.memory / limit, 1) if limit else 0.0,
        pids=reading.pids,
        network_in=reading.network_in,
        network_out=reading.network_out,
        throttled=round(reading.throttled_periods / reading.periods, 2) if reading.periods else 0.0,
    )
