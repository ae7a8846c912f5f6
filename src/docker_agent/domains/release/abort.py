"""Take a release back that stopped in the middle."""

from __future__ import annotations

from typing import Annotated

from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.release.record import latest
from docker_agent.host.undo import undo_plan
from docker_agent.project.workspace import Workspace


@tool(risk=Risk.CHANGE, examples=("docker-agent release abort", "docker-agent release abort web --yes"))
def abort(ws: Workspace, service: Annotated[str, "The service; the newest release where none is named."] = "") -> Plan:
    """Plan to take back a release that stopped in the middle: the old version gets all traffic, the new one goes.

    No request is lost, and nothing of the new version is left. A release that came to its end is `release_rollback`.
    """
    entry, _ = latest(ws, service, "abort")
    return undo_plan(entry)
