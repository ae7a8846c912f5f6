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
    entry, record = latest(ws, service, "resume")
    if entry.undo_status:
        raise InputError(
            f"The release of entry {entry.id} is on its way back already.", "Go on with `docker-agent release abort`."
        )
    after = 1 + max((outcome.index for outcome in entry.steps if outcome.state == "done"), default=-1)
    if record.phase_at(after).share and not _is_well(ws, record.new):
        raise InputError(
            f"{record.new} is not well any more, and would get {record.phase_at(after).share} % of the traffic.",
            f"Start it, or take the release back: docker-agent release abort {record.service}.",
        )
    return entry.plan.model_copy(update={"continues": entry.id, "title": f"Go on with {entry.plan.title}"})


def _is_well(ws: Workspace, name: str) -> bool:
    try:
        container = ws.host.container(name)
    except InputError:
        return False
    return container.running and container.health in {"", "healthy"}
