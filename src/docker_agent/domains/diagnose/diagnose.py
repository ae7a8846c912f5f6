"""Look at the whole stack once and name what is wrong."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import EngineUnreachable
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.diagnose.collect import collect, said
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.stack import resolve_all
from docker_agent.project.workspace import Workspace

ANSWER_CHARS = 4_000
MAX_LINE_CHARS = 160
NOTHING = "nothing wrong found"


class Diagnosis(BaseModel):
    """What was found, worst first; `also` has further findings in a line each."""

    model_config = ConfigDict(frozen=True)

    project: str
    summary: str
    findings: tuple[Finding, ...] = ()
    also: tuple[str, ...] = ()
    looked_at: str = ""
    not_looked_at: tuple[str, ...] = ()


@tool(risk=Risk.READ, untrusted="container logs and health output")
def diagnose(
    ws: Workspace,
    service: Annotated[str, "Keep to this service or container; empty for the whole stack."] = "",
    message: Annotated[str, "What docker, compose or a build said when it failed: its cause is named."] = "",
    measure: Annotated[bool, "Also measure CPU throttling, which takes about one second more."] = False,
) -> Diagnosis:
    """Find out why something does not run, restarts, is unhealthy or was killed.

    Looks once at states, events, logs, health output, limits and the compose file, and compares them with known
    failures. Each finding has its cause, the evidence with the place where it was read, and what to do; where `fixable`
    is true, `diagnose_fix` with its code and object makes the plan.
    """
    try:
        only = [container.name for container in resolve_all(ws, service)] if service else ()
        snapshot = collect(ws, only, message=message, with_stats=measure)
    except EngineUnreachable as error:
        if not message:
            raise
        missed = f"engine: {error.message}"
        snapshot = Snapshot(ws.project, ws.root, ws.host.now(), messages=said(message), not_looked_at=(missed,))
    return _fitting(ws, snapshot, examine(snapshot))


def _fitting(ws: Workspace, snapshot: Snapshot, findings: list[Finding]) -> Diagnosis:
    """As many findings in full as fit into the answer, at least one; the rest in a line each."""
    count = len(findings)
    while True:
        answer = Diagnosis(
            project=snapshot.project,
            summary=_summary(snapshot, findings),
            findings=tuple(findings[:count]),
            also=tuple(_in_a_line(ws, each) for each in findings[count : count + 10]),
            looked_at=_looked_at(snapshot),
            not_looked_at=snapshot.not_looked_at[:10],
        )
        if count <= 1 or len(answer.model_dump_json()) <= ANSWER_CHARS:
            return answer
        count -= 1


def _in_a_line(ws: Workspace, finding: Finding) -> str:
    return ws.quote(f"{finding.code} {finding.object}: {finding.message}", MAX_LINE_CHARS)


def _summary(snapshot: Snapshot, findings: list[Finding]) -> str:
    if not snapshot.containers and not findings:
        return f"no container of {snapshot.project or 'this project'} exists yet; start it with stack_up"
    if not findings:
        return NOTHING
    errors = sum(each.severity is Severity.ERROR for each in findings)
    counts = [f"{errors} fault{'s' if errors != 1 else ''}"] if errors else []
    others = len(findings) - errors
    counts += [f"{others} warning{'s' if others != 1 else ''}"] if others else []
    return f"{' and '.join(counts)}; first {findings[0].object}: {findings[0].message}"


def _looked_at(snapshot: Snapshot) -> str:
    healthy = sum(each.running and not snapshot.broken(each) for each in snapshot.containers)
    lines = sum(len(log) for log in snapshot.logs.values())
    return (
        f"{len(snapshot.containers)} containers ({healthy} well), {lines} log lines, {len(snapshot.events)} events, "
        f"{'the compose file' if snapshot.model else 'no compose file'}"
    )
