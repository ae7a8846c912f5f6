"""What stands against a deployment: the checks of the compose files as they will be when the plan has written them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Argv, Plan, Restore, Step, Write
from docker_agent.domains.compose.judge import judge
from docker_agent.domains.compose.severities import severities_of
from docker_agent.host.compose_cli import command_of
from docker_agent.project.disk import HostDisk
from docker_agent.project.stack import find_stack
from docker_agent.project.workspace import Workspace

DEPLOYING = frozenset({"up", "create", "run", "start", "restart"})


def deployment_findings(
    plan: Plan, workspace: Workspace, environment: Mapping[str, str], kept: Callable[[str], bytes]
) -> list[Finding]:
    """What the compose checks say of the files as a deploying plan, or its way back, will have written them.

    A comment in the file silences a rule, but not one that the project's own policies name. Going back is asked for
    these policies alone, and for what they say of the files as they are now it is not asked: nothing gets worse.

    Parameters
    ----------
    kept: gives the bytes of a file that an earlier plan kept, by its id.
    """
    policies = severities_of(workspace.context).policies
    found: dict[str, Finding] = {}
    for steps, before, is_back in ((plan.steps, (), bool(plan.undoes)), (plan.rollback, plan.steps, True)):
        if any(_deploys(step) for step in steps):
            written = dict(_written((*before, *steps), workspace.root, kept))
            said = {each.identity: each for each in _judged(workspace, environment, written)}
            if is_back:
                said = {identity: each for identity, each in said.items() if each.code in policies}
            if is_back and said:
                now = {each.identity for each in _judged(workspace, environment, {})}
                said = {identity: each for identity, each in said.items() if identity not in now}
            found |= said
    return list(found.values())


def _deploys(step: Step) -> bool:
    return isinstance(step, Argv) and step.argv[:2] == ("docker", "compose") and command_of(step.argv[2:]) in DEPLOYING


def _written(steps: Sequence[Step], root: Path, kept: Callable[[str], bytes]) -> Iterator[tuple[Path, bytes]]:
    """Each file as the steps leave it; one that they remove is not among them."""
    for step in steps:
        if isinstance(step, Write) and not step.remove:
            yield (root / step.path).resolve(), step.content.encode("utf-8", "surrogateescape")
        elif isinstance(step, Restore) and step.kept:
            yield (root / step.path).resolve(), kept(step.kept)


def _judged(workspace: Workspace, environment: Mapping[str, str], written: Mapping[Path, bytes]) -> Iterator[Finding]:
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
        return
    severities = severities_of(workspace.context)
    judged = judge(stack.model, severities)
    yield from judged.findings
    yield from (each for each in judged.suppressed if each.code in severities.policies)
