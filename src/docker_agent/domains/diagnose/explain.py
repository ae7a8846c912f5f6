"""Name the cause of what a program said when a step of a plan failed."""

from __future__ import annotations

from docker_agent.core.errors import EngineUnreachable
from docker_agent.core.finding import Finding
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.evidence import label
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.saying import said
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.project.workspace import Workspace

LIMIT_S = 5.0


def explain(ws: Workspace, text: str) -> list[Finding]:
    """The causes that a message tells, the likeliest first, none where no signature knows it.

    Where a container could not be started and the engine's words are in the message, the finding is the container's,
    which has the place in the compose file and can be mended. What else is wrong in the stack is left out.
    """
    try:
        snapshot = collect(ws, message=text, limit_s=LIMIT_S)
    except EngineUnreachable:
        snapshot = Snapshot(ws.project, ws.root, ws.host.now(), messages=said(text), mask=ws.mask)
    findings = examine(snapshot)
    failed = {label(snapshot, each) for each in snapshot.containers if each.error and each.error in text}
    of_containers = [finding for finding in findings if finding.object in failed]
    known = {finding.code for finding in of_containers}
    told = [finding for finding in findings if _is_told(finding) and finding.code not in known]
    return [*of_containers, *told]


def _is_told(finding: Finding) -> bool:
    return any(
        evidence.source == "message" and not evidence.where.startswith("engine") for evidence in finding.evidence
    )
