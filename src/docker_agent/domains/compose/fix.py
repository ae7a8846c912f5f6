"""The tool that mends compose files."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.compose.mend import (
    NOT_SURE,
    FixResult,
    mendable_rules,
    plan_fixes,
    reload_of,
    rules_to_fix,
)
from docker_agent.domains.compose.severities import severities_of
from docker_agent.project.disk import HostDisk
from docker_agent.project.edit.steps import file_steps, write_source
from docker_agent.project.stack import Stack, stack_of
from docker_agent.project.workspace import Workspace


@tool(
    risk=Risk.CHANGE,
    examples=(
        "docker-agent compose fix",
        "docker-agent compose fix log_rotation --service web --yes",
    ),
)
def fix(
    ws: Workspace,
    codes: Annotated[
        list[str], "Codes of the findings to mend, whatever their fix does; all safe ones by default."
    ] = [],  # noqa: B006
    service: Annotated[str, "Only this service; all of them by default."] = "",
    unsafe: Annotated[
        bool, "Also mend what changes how containers run: log rotation, health checks, restart policies."
    ] = False,
    files: Annotated[list[str], "Compose files in the order of merging; the stack's own by default."] = [],  # noqa: B006
) -> Plan:
    """Plan edits of the compose files that mend findings of compose_check and leave everything else as it is.

    Mended by default is what leaves the containers as they are. With `unsafe` or by name: what changes how they run,
    such as restart_missing, log_rotation_missing, privileged_mode. By name only: measures of hardening and what needs
    a choice, such as memory_limit, read_only_root. Running containers keep their settings until they are recreated.
    """
    stack = stack_of(ws, files=files)
    if stack is None:
        raise InputError(f"There is no compose file in {ws.root}.", "Create compose.yaml first.")
    _check_codes(codes)
    if service and service not in stack.model.services:
        near = get_close_matches(service, stack.model.services, n=1) or list(stack.model.services)
        raise InputError(f"There is no service {service}.", f"Did you mean {', '.join(near)}?")
    severities = severities_of(ws.context)
    rules = rules_to_fix(severities, codes, ("safe", "behaviour") if unsafe else ("safe",))
    result = plan_fixes(stack.model, severities, rules, reload_of(stack, read=ws.host.read_file), service=service)
    return _plan(ws, stack, result)


def _check_codes(codes: Sequence[str]) -> None:
    mendable = mendable_rules()
    for code in codes:
        if code not in mendable:
            near = get_close_matches(code, mendable, n=1) or sorted(mendable)
            raise InputError(f"There is no mechanical fix for {code!r}.", f"There is one for {', '.join(near)}.")


def _plan(ws: Workspace, stack: Stack, result: FixResult) -> Plan:
    names, left = ", ".join(stack.model.sources), _left(result)
    if not result.done:
        return Plan(title=f"Nothing to mend in {names}", project=stack.name, reason=left)
    why = " ".join(_said(finding) for finding in result.done)
    sources = stack.model.sources
    steps = [
        *file_steps(ws.root, result.file_edits, HostDisk(ws.host)),
        *(write_source(ws.root, sources[name], text, why) for name, text in result.files.items()),
    ]
    count = len(result.done)
    return Plan(
        title=f"Mend {count} finding{'s' * (count > 1)} in {', '.join(step.path for step in steps)}",
        steps=tuple(steps),
        project=stack.name,
        reason=f"Running containers keep their settings until they are recreated. {left}".strip(),
        findings=tuple(f"{finding.object}: {finding.code}" for finding in result.done),
    )


def _said(finding: Finding) -> str:
    """What a fix mends, with the object in front where the message does not name it."""
    named = finding.object in finding.message
    return finding.message if named else f"{finding.object}: {finding.message}"


def _left(result: FixResult) -> str:
    """What stays, in words: those without a sure fix by rule, the others each with the reason."""
    unsure: dict[str, list[str]] = {}
    for finding, reason in result.skipped:
        if reason == NOT_SURE:
            unsure.setdefault(finding.code, []).append(finding.object)
    said = [
        f"{finding.object} {finding.code}: {reason.rstrip('.')}."
        for finding, reason in result.skipped
        if reason != NOT_SURE
    ]
    said += [f"{code} of {', '.join(names)} ({NOT_SURE})." for code, names in unsure.items()]
    return f"Left: {' '.join(said)}" if said else ""
