"""Deployments that have not come to their end, and what must not be done in the midst of one."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Argv, Engine, Plan, Restore, Write
from docker_agent.domains.deploy.record import DeployRecord, deployments, record_in
from docker_agent.host.entry import Entry
from docker_agent.project.workspace import Workspace


def under_way(ws: Workspace, but: str = "") -> Iterator[tuple[Entry, DeployRecord]]:
    """The deployments that are carried out, or stopped in the middle and can be taken back, here or on their way back.

    Parameters
    ----------
    but: the number of one that is taken back or gone on with; it only counts while somebody else is at it.
    """
    for entry, record in deployments(ws):
        stopped = entry.unended == "interrupted" and bool(entry.plan.rollback) and entry.id != but
        if entry.unended == "running" or stopped:
            yield entry, record


def refuse_deploying(ws: Workspace, but: str = "") -> None:
    """Stop where another deployment is under way: each of the two would take the other's half for what was before.

    Raises
    ------
    InputError: one is.
    """
    for entry, _ in under_way(ws, but):
        raise InputError(f"Deployment {entry.id} {_state(entry)}.", _way_out(entry))


def under_way_findings(plan: Plan, ws: Workspace) -> Iterator[Finding]:
    """A finding for each deployment under way that a plan would get into, by a service, a container or a file."""
    if not plan.changes:
        return
    touched = _touched(plan)
    for entry, record in under_way(ws, plan.undoes or plan.continues):
        if record_in(plan) is not None or touched & _names(ws, record):
            names = ", ".join(each.service for each in record.services)
            yield Finding(
                code="deployment-under-way",
                severity=Severity.ERROR,
                object=record.project,
                message=f"Deployment {entry.id} of {names} {_state(entry)}.",
                fix=_way_out(entry),
                evidence=(Evidence("file", f"journal entry {entry.id}", entry.unended),),
            )


def _state(entry: Entry) -> str:
    what = ", on its way back" if entry.undo_status else ""
    return f"is being carried out{what}" if entry.unended == "running" else f"stopped in the middle{what}"


def _way_out(entry: Entry) -> str:
    if entry.unended == "running":
        return "Wait until it has ended, or stop it first."
    return f"Take it back first: docker-agent undo {entry.id}."


def _touched(plan: Plan) -> set[str]:
    """What a plan touches, by what it says and by what its steps are."""
    steps = (*plan.steps, *plan.rollback)
    return {
        *(name for step in steps for name in step.touches),
        *(word for step in steps if isinstance(step, Argv) for word in step.argv),
        *(step.target for step in steps if isinstance(step, Engine)),
        *(f"file:{step.path}" for step in steps if isinstance(step, Write | Restore)),
    }


def _names(ws: Workspace, record: DeployRecord) -> set[str]:
    services = {each.service for each in record.services}
    try:
        containers = [each.name for each in ws.host.containers(record.project) if each.service in services]
    except AgentError:
        containers = []
    return {*services, *containers, *(f"file:{each.path}" for each in record.files)}
