"""The tool that says what changes for a running stack when another compose file replaces its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.compose.changes.risks import (
    data_at_risk,
    downtime,
    network_changes,
    stale_files,
    volume_changes,
)
from docker_agent.domains.compose.changes.stack_changes import Action, Side, service_changes
from docker_agent.project.stack import Stack, stack_of
from docker_agent.project.workspace import Workspace

WORDS: dict[Action, str] = {
    "start": "started",
    "recreate": "recreated",
    "restart": "restarted",
    "scale": "scaled",
    "rebuild": "to be rebuilt",
    "orphan": "orphaned",
    "left": "left alone",
    "none": "unchanged",
}


class ServiceChange(BaseModel):
    """What happens to one service, and why."""

    model_config = ConfigDict(frozen=True)

    service: str
    action: Action
    why: str = ""


class DiffExplained(BaseModel):
    """What `docker compose up -d` with the second file does to a stack that runs by the first one."""

    model_config = ConfigDict(frozen=True)

    verdict: str
    services: tuple[ServiceChange, ...] = ()
    data_at_risk: tuple[str, ...] = ()
    downtime: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    secrets_and_configs: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()


@tool(
    risk=Risk.READ,
    on_demand=True,
    untrusted="text of compose files",
    examples=("docker-agent compose explain-diff compose.yaml compose.new.yaml",),
)
def explain_diff(
    ws: Workspace,
    before: Annotated[str, "The compose file that the stack runs by."],
    after: Annotated[str, "The compose file that is to replace it."],
) -> DiffExplained:
    """Say what changes for a running stack if one compose file replaces another: recreated, restarted, data at risk."""
    old, new = _open(ws, before), _open(ws, after)
    placed = replace(new.model, directory=old.directory)
    return explain(Side(old.model, old.name), Side(placed, new.model.name or old.name))


def explain(before: Side, after: Side) -> DiffExplained:
    """Compare two states of a stack by Compose's own rules."""
    changes = service_changes(before, after)
    risks = tuple(data_at_risk(before, after, changes))
    counts = Counter(action for action, _ in changes.values())
    parts = [f"{counts[action]} {words}" for action, words in WORDS.items() if counts[action]]
    said = f"{', '.join(parts) or 'no services'}; data at risk: {'yes' if risks else 'none seen'}."
    if before.project != after.project:
        said = f"The project is called {after.project} now, so all of {before.project} keeps running beside it: {said}"
    return DiffExplained(
        verdict=said,
        services=tuple(ServiceChange(service=name, action=action, why=why) for name, (action, why) in changes.items()),
        data_at_risk=risks,
        downtime=tuple(downtime(before, after, changes)),
        networks=tuple(network_changes(before, after)),
        volumes=tuple(volume_changes(before, after)),
        secrets_and_configs=tuple(stale_files(before, after, changes)),
        not_looked_at=tuple(dict.fromkeys([*before.model.not_looked_at, *after.model.not_looked_at])),
    )


def _open(ws: Workspace, name: str) -> Stack:
    stack = stack_of(ws, files=[name])
    if stack is None:
        raise InputError(f"{name} is no compose file.", "Name a compose file.")
    return stack
