"""What stands against a deployment: the checks of the compose files as they will be when the plan has written them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Argv, Plan, Write
from docker_agent.domains.compose.judge import judge
from docker_agent.domains.compose.severities import severities_of
from docker_agent.host.compose_cli import command_of
from docker_agent.project.disk import HostDisk
from docker_agent.project.stack import find_stack
from docker_agent.project.workspace import Workspace

DEPLOYING = frozenset({"up", "create", "run", "start", "restart"})


def deployment_findings(plan: Plan, workspace: Workspace, environment: Mapping[str, str]) -> list[Finding]:
    """What the compose checks say of the files as they will be when a deploying plan has written them.

    A comment in the file silences a rule, but not one that the project's own policies name.
    """
    deploys = any(
        isinstance(step, Argv) and step.argv[:2] == ("docker", "compose") and command_of(step.argv[2:]) in DEPLOYING
        for step in plan.steps
    )
    if not deploys:
        return []
    written = {
        (workspace.root / step.path).resolve(): step.content.encode()
        for step in plan.steps
        if isinstance(step, Write) and not step.remove
    }

    def read(path: Path) -> bytes:
        return written[path.resolve()] if path.resolve() in written else workspace.host.read_file(path)

    stack = find_stack(
        workspace.root,
        context_files=workspace.context.compose_files,
        read=read,
        find=workspace.host.find_files,
        environment=environment,
        disk=HostDisk(workspace.host, written),
    )
    if stack is None:
        return []
    severities = severities_of(workspace.context)
    judged = judge(stack.model, severities)
    return [*judged.findings, *(finding for finding in judged.suppressed if finding.code in severities.policies)]
