"""What stands against a deployment, asked by the door before a yes counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan, Write
from docker_agent.domains.deploy.environment import setting_of
from docker_agent.domains.deploy.picture import Picture, run_gates
from docker_agent.domains.deploy.record import record_in
from docker_agent.domains.deploy.under_way import under_way_findings
from docker_agent.project.disk import HostDisk
from docker_agent.project.workspace import Workspace

Otherwise = Callable[[Plan, Workspace, Mapping[str, str]], Iterable[Finding]]


def gate_findings(plan: Plan, ws: Workspace, environment: Mapping[str, str], otherwise: Otherwise) -> Iterable[Finding]:
    """What a deployment under way and the gates say of a plan; going back is asked for the policies alone.

    Parameters
    ----------
    environment: the variables of the shell.
    otherwise: what is asked about every other plan.
    """
    return (*under_way_findings(plan, ws), *_of_gates(plan, ws, environment, otherwise))


def _of_gates(plan: Plan, ws: Workspace, environment: Mapping[str, str], otherwise: Otherwise) -> Iterable[Finding]:
    record = record_in(plan)
    if record is None:
        return otherwise(plan, ws, environment)
    written = {
        (ws.root / step.path).resolve(): step.content.encode("utf-8", "surrogateescape")
        for step in plan.steps
        if isinstance(step, Write) and not step.remove
    }

    def read(path: Path) -> bytes:
        return written[path.resolve()] if path.resolve() in written else ws.host.read_file(path)

    setting = setting_of(ws, record.environment, read=read, disk=HostDisk(ws.host, written), variables=environment)
    picture = Picture(ws, setting, tuple(each.service for each in record.services))
    return run_gates(picture, only=("policies",) if record.goes_back_to or plan.undoes else ())
