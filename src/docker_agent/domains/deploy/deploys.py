"""List the deployments of the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.deploy.record import DeployRecord, deployments
from docker_agent.host.entry import Entry
from docker_agent.project.workspace import Workspace


class Deployment(BaseModel):
    """One deployment: `images` are the services with what they were to run, by the start of the image's id if known."""

    model_config = ConfigDict(frozen=True)

    record: str
    time: str
    environment: str
    result: str
    images: tuple[str, ...]
    commit: str = ""
    reason: str = ""


class Deployments(BaseModel):
    """Deployments, newest first."""

    model_config = ConfigDict(frozen=True)

    deployments: tuple[Deployment, ...]
    note: str = ""


@tool(
    domain="stack",
    risk=Risk.READ,
    on_demand=True,
    examples=("docker-agent stack deploys", "docker-agent stack deploys --top 3"),
)
def deploys(ws: Workspace, top: Annotated[int, "How many, newest first."] = 10) -> Deployments:
    """List the deployments of this project: when, to which environment, with which images, and what came of it."""
    found = deployments(ws)
    rows = tuple(_row(entry, record) for entry, record in reversed(found[-max(top, 1) :]))
    return Deployments(deployments=rows, note="" if rows else "nothing was deployed here yet")


def _row(entry: Entry, record: DeployRecord) -> Deployment:
    result = {"applied": "deployed", "failed": "failed", "interrupted": "stopped in the middle"}.get(
        entry.status, "under way"
    )
    if record.goes_back_to and entry.status == "applied":
        result = f"went back to {record.goes_back_to}"
    if entry.undone_by:
        result = f"{result}, taken back by entry {entry.undone_by}"
    elif entry.undo_status:
        back = {"running": "is under way", "interrupted": "stopped in the middle"}.get(entry.undo_status, "failed")
        result = f"{result}, taking it back {back}"
    return Deployment(
        record=entry.id,
        time=datetime.fromtimestamp(entry.time, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        environment=record.environment,
        result=result,
        images=tuple(
            f"{each.service}: {each.after.image}{f' ({each.after.image_id[7:19]})' if each.after.image_id else ''}"
            for each in record.services
        ),
        commit=record.commit[:12],
        reason=entry.reason,
    )
