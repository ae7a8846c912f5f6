"""Ask a port, a URL or a name from inside a container's network."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.probe.names import is_known
from docker_agent.domains.stack import resolve
from docker_agent.host.models import Reach
from docker_agent.host.namespace import target_of
from docker_agent.project.workspace import Workspace

MAX_FIRST_CHARS = 300


class Probed(BaseModel):
    """What answered, or in `failure` why nothing did; `way` says how it was asked, `first` what came first."""

    model_config = ConfigDict(frozen=True)

    container: str
    target: str
    reached: bool
    way: str
    addresses: tuple[str, ...] = ()
    status: int = 0
    first: str = ""
    failure: str = ""
    detail: str = ""
    seconds: float = 0.0


@tool(
    risk=Risk.READ,
    untrusted="what the probed address answered",
    examples=(
        "docker-agent probe api dns:db",
        "docker-agent probe api tcp://db:5432",
        "docker-agent probe proxy http://web:8080/health --timeout-s 2",
    ),
)
def probe(
    ws: Workspace,
    service: Annotated[str, "From where to ask: a service of the project, its container's name or id."],
    target: Annotated[str, "tcp://db:5432, http://api:8080/health or dns:db"],
    timeout_s: Annotated[float, "How long to wait for an answer, in seconds, at most 30."] = 5.0,
) -> Probed:
    """Ask a port, a URL (one GET) or a name from inside a service's network, as its application would.

    Tells a name that is not known from a port that refuses, a silent one and a network without a route, which no log
    tells for sure. Needs no tools in the image where the engine runs on this machine and this is root. HTTP is only
    asked of addresses of local networks, and only names that the engine or the compose files have are looked up.
    """
    container = resolve(ws, service)
    if not ws.owns_container(container):
        raise InputError(
            f"{container.name} is not of this project, and nothing is asked from inside others.",
            "Name a service of this project, or go to that project's folder.",
        )
    host = target_of(target).host
    reach = ws.host.probe_from(container.name, target, timeout_s=timeout_s) if is_known(ws, host) else _not_asked(host)
    return Probed(
        container=container.name,
        target=target,
        reached=not reach.failure,
        way=reach.way,
        addresses=reach.addresses,
        status=reach.status,
        first=ws.quote(reach.first, MAX_FIRST_CHARS),
        failure=reach.failure,
        detail=ws.quote(reach.detail, MAX_FIRST_CHARS),
        seconds=reach.seconds,
    )


def _not_asked(host: str) -> Reach:
    unknown = f"not asked: {host} is no name of a container, service or alias here, nor does a compose file have it"
    why = f"looking it up may carry it out of this machine; a person can ask it: `getent hosts {host}`"
    return Reach(way="", failure="not asked", detail=f"{unknown}, and {why}")
