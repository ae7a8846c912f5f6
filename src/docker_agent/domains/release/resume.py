"""Go on with a release that stopped in the middle."""

from __future__ import annotations

from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.release.record import latest
from docker_agent.project.workspace import Workspace


@tool(risk=Risk.CHANGE, examples=("docker-agent release resume", "docker-agent release resume web --yes"))
def resume(ws: Workspace, service: Annotated[str, "The service; the newest release where none is named."] = "") -> Plan:
    """Plan to go on with a release that was stopped (Ctrl-C, a crash, a killed process) from the step that it was at.

    Steps that were done are not done again, and the traffic's share stays as it is until then.
    """
    entry, _ = latest(ws, service, ("interrupted",))
    if entry.undo_status:
        raise InputError(
            f"The release of entry {entry.id} is on its way back already.", "Go on with `docker-agent release abort`."
        )
    return entry.plan.model_copy(update={"continues": entry.id, "title": f"Go on with {entry.plan.title}"})
