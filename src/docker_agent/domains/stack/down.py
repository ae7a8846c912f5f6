"""Stop a stack and remove its containers and networks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Argv, Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.stack import foreign, stack_needed
from docker_agent.host.models import Container, Volume
from docker_agent.project.stack import Stack, compose_argv
from docker_agent.project.stack_inputs import inputs_of
from docker_agent.project.workspace import Workspace

PROJECT_LABEL = "com.docker.compose.project"
ANONYMOUS = re.compile(r"[0-9a-f]{64}")


@tool(
    risk=Risk.DESTROY,
    examples=(
        "docker-agent stack down",
        "docker-agent stack down --volumes   # deletes data",
    ),
)
def down(
    ws: Workspace,
    volumes: Annotated[bool, "Also delete the project's named volumes WITH THEIR DATA."] = False,
    remove_orphans: Annotated[bool, "Also remove containers of services that the file no longer has."] = False,
) -> Plan:
    """Plan to stop and remove the project's containers and networks with `docker compose down`.

    Data stays: volumes are removed only with `volumes`, and then the plan lists each of them as data to be lost. Those
    without a name stay too, but nothing uses them any more, and starting again makes new ones; the plan names them.
    External volumes and networks are never removed. Undo starts the services again, where no volume went.
    """
    stack = stack_needed(ws)
    there = ws.host.containers(stack.name)
    containers = [each for each in there if remove_orphans or each.service in stack.model.services]
    anonymous = _anonymous_volumes(containers)
    data = (*_own_volumes(ws, stack), *anonymous) if volumes else ()
    networks = tuple(network.name for network in ws.host.networks() if network.labels.get(PROJECT_LABEL) == stack.name)
    if not there and not networks and not data:
        raise InputError(f"Nothing of {stack.name} is there to remove.", "Look with stack_list.")
    services = sorted({each.service for each in containers if each.running and each.service in stack.model.services})
    words = ["down", *(["--volumes"] if volumes else []), *(["--remove-orphans"] if remove_orphans else [])]
    start_again = Argv(
        why="Create and start the services again.",
        touches=tuple(services),
        argv=compose_argv(stack, "up", "-d", *services),
        cwd=str(stack.directory),
    )
    step = Argv(
        why=f"Stop and remove {len(containers)} containers"
        + (f" and {len(data)} volumes with their data." if data else "."),
        risk=Risk.DESTROY if volumes else Risk.CHANGE,
        touches=(*(each.name for each in containers), *networks, *data),
        argv=compose_argv(stack, *words),
        cwd=str(stack.directory),
        undo=start_again if services and not volumes else None,
    )
    return Plan(
        title=f"Stop and remove {stack.name}" + (" with its data" if data else ""),
        steps=(step,),
        project=stack.name,
        reason=_reason(ws, stack, networks, () if volumes else anonymous),
        foreign=foreign(ws, containers),
        data=data,
        inputs=inputs_of(stack, ws.host.read_file),
    )


def _own_volumes(ws: Workspace, stack: Stack) -> tuple[str, ...]:
    """Volumes that `down --volumes` would remove: those that compose labelled, and those that the file declares."""
    external = {volume.name or key for key, volume in stack.model.volumes.items() if volume.external}
    declared = {volume.name or f"{stack.name}_{key}" for key, volume in stack.model.volumes.items()}

    def goes(volume: Volume) -> bool:
        own = volume.labels.get(PROJECT_LABEL) == stack.name or volume.name in declared
        return own and volume.name not in external

    return tuple(volume.name for volume in ws.host.volumes() if goes(volume))


def _anonymous_volumes(containers: Sequence[Container]) -> tuple[str, ...]:
    """Volumes without a name of their own; Compose keeps them on a recreate and a plain `down`, not on `--volumes`."""
    mounts = (mount for each in containers for mount in each.mounts)
    return tuple(
        dict.fromkeys(mount.name for mount in mounts if mount.kind == "volume" and ANONYMOUS.fullmatch(mount.name))
    )


def _reason(ws: Workspace, stack: Stack, networks: tuple[str, ...], left: tuple[str, ...]) -> str:
    own = {each.name for each in ws.host.containers(stack.name)}
    guests = sorted(
        name for network in ws.host.networks() if network.name in networks for name in set(network.containers) - own
    )
    said = ["Named volumes keep their data unless the plan lists them."]
    if left:
        said.append(
            f"The data of {', '.join(left)} (no name of their own) stays in volumes that nothing uses any more; "
            "starting again, undo too, makes new empty ones."
        )
    if guests:
        said.append(
            f"{', '.join(guests)} of other projects use its networks, so those stay and the command reports it."
        )
    return " ".join(said)
