"""Restart containers without making them new."""

from __future__ import annotations

from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Engine, Plan, Risk, WaitHealthy
from docker_agent.core.tool import tool
from docker_agent.domains.stack import foreign, resolve_all
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace

MAX_GRACE_S = 600


@tool(
    risk=Risk.CHANGE,
    examples=(
        "docker-agent stack restart web",
        "docker-agent stack restart web worker --grace-s 30 --yes",
    ),
)
def restart(
    ws: Workspace,
    services: Annotated[
        list[str] | None, "Services or containers to restart; all of the project where none is named."
    ] = None,
    grace_s: Annotated[int, "Seconds that each gets to stop before it is killed."] = 10,
) -> Plan:
    """Plan to restart containers one after the other and wait until each is healthy.

    A changed compose file has no effect on a restart: use `stack_up` for that. A paused container is unpaused by it.
    """
    if not 0 <= grace_s <= MAX_GRACE_S:
        raise InputError(f"grace_s is {grace_s}.", f"Give a number from 0 to {MAX_GRACE_S}.")
    named = [each for word in services or () for each in resolve_all(ws, word)]
    chosen = named if services else [each for each in ws.host.containers() if ws.owns_container(each) and each.running]
    if not chosen:
        raise InputError("No container of this project runs.", "Start the stack with `docker-agent stack up`.")
    unique = {each.name: each for each in chosen}
    steps = [step for each in unique.values() for step in _steps(each, grace_s)]
    return Plan(
        title=f"Restart {', '.join(unique)}",
        steps=tuple(steps),
        project=ws.project,
        reason="The same containers stop and start; nothing is made new.",
        foreign=foreign(ws, list(unique.values())),
    )


def _steps(container: Container, grace_s: int) -> tuple[Engine, WaitHealthy]:
    start = Engine(
        why=f"Restart {container.name}.",
        touches=(container.name,),
        action="container_restart",
        target=container.name,
        args={"timeout": grace_s},
    )
    wait = WaitHealthy(why=f"{container.name} should come back.", target=container.name, project=container.project)
    return start, wait
