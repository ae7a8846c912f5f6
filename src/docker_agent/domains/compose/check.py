"""The tool that checks compose files."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import AgentError, InputError, ToolMissing
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.pattern import lazy
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.compose.hadolint import ask_hadolint
from docker_agent.domains.compose.judge import (
    COMPOSE_CONFIG,
    UNREADABLE_FILE,
    all_rules,
    fix_kind_of,
    judge,
    known_codes,
)
from docker_agent.domains.compose.live import engine_state
from docker_agent.domains.compose.severities import severities_of
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.stack import Stack, compose_options, stack_of
from docker_agent.project.workspace import Workspace

CONFIG_TIMEOUT_S = 20.0
LONGEST_MESSAGE = 500
LONGEST_QUOTE = 80

_PLACED = lazy(r"[^\n]+?:\d+:\d+: ")


class CheckReport(BaseModel):
    """What the check of a stack's compose files found.

    `suppressed` counts findings that comments silence; `unknown_policies` are words on policies that name no rule.
    """

    model_config = ConfigDict(frozen=True)

    verdict: str
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    suppressed: int = 0
    unknown_policies: tuple[str, ...] = ()
    looked_at: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()


@tool(
    risk=Risk.READ,
    untrusted="text of compose files",
    examples=(
        "docker-agent compose check",
        "docker-agent compose check compose.yaml compose.prod.yaml --json",
    ),
)
def check(
    ws: Workspace,
    files: Annotated[list[str], "Compose files in the order of merging; the stack's own by default."] = [],  # noqa: B006
) -> CheckReport:
    """Check the stack's compose files for faults: what Compose would refuse, what conflicts, what is unsafe.

    Each finding has a code, a severity (error stops a deployment), the service and the place as file:line:column. The
    project context's policies change severities. `docker compose config` is asked too, where Compose is installed, and
    the engine, for ports that are taken and external networks and volumes that are missing.
    """
    try:
        stack = stack_of(ws, files=files)
    except InputError as error:
        if not _PLACED.match(error.message):
            raise
        return _unreadable(error)
    if stack is None:
        raise InputError(f"There is no compose file in {ws.root}.", "Name the files, or create compose.yaml.")
    severities = severities_of(ws.context)
    model, unasked = _with_engine(ws, stack)
    judged = judge(model, severities)
    findings = [_shown(ws, finding, fixable=_is_fixable(model, finding)) for finding in judged.findings]
    refused, missing = _ask_compose(ws, stack)
    linted, looked, unlinted = ask_hadolint(ws.host.program, model, severities)
    findings += [_shown(ws, finding, fixable=False) for finding in linted]
    names = (*model.sources, *model.others)
    return CheckReport(
        verdict=_verdict([*refused, *findings], names),
        files=names,
        findings=(*refused, *findings),
        suppressed=len(judged.suppressed),
        unknown_policies=tuple(severities.unknown(known_codes())),
        looked_at=(f"{len(all_rules())} rules", *(() if missing else ("docker compose config",)), *looked),
        not_looked_at=(*missing, *unlinted, *unasked, *stack.model.not_looked_at),
    )


def _with_engine(ws: Workspace, stack: Stack) -> tuple[ComposeModel, tuple[str, ...]]:
    """The stack's model with what the engine holds, where one answers."""
    try:
        return replace(stack.model, engine=engine_state(ws.host, stack)), ()
    except AgentError as error:
        return stack.model, (f"ports, networks and volumes of the engine: {error.message}",)


def _unreadable(error: InputError) -> CheckReport:
    where, _, message = error.message.partition(": ")
    finding = Finding(
        code=UNREADABLE_FILE,
        severity=Severity.ERROR,
        object=where.split(":", 1)[0],
        message=message,
        fix=error.next_step,
        evidence=(Evidence(source="compose", where=where),),
    )
    return CheckReport(
        verdict=f"{finding.object} cannot be read.",
        files=(finding.object,),
        findings=(finding,),
        not_looked_at=("everything after the place that cannot be read",),
    )


def _is_fixable(model: ComposeModel, finding: Finding) -> bool:
    return fix_kind_of(model, finding) in {"safe", "behaviour"}


def _shown(ws: Workspace, finding: Finding, *, fixable: bool) -> Finding:
    evidence = (replace(each, quote=ws.quote(each.quote, LONGEST_QUOTE)) for each in finding.evidence)
    return replace(finding, evidence=tuple(evidence), fixable=fixable)


def _ask_compose(ws: Workspace, stack: Stack) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    try:
        ran = ws.host.compose(
            (*compose_options(stack), "config", "-q"), cwd=stack.directory, timeout_s=CONFIG_TIMEOUT_S
        )
    except ToolMissing as error:
        return (), (f"docker compose config: {error.message}",)
    if ran.timed_out:
        return (), (f"docker compose config: no answer within {CONFIG_TIMEOUT_S:g} s",)
    if ran.code == 0:
        return (), ()
    said = [line for line in ran.err.strip().splitlines() if "level=warning" not in line]
    first = next(iter(stack.model.sources))
    finding = Finding(
        code=COMPOSE_CONFIG,
        severity=Severity.ERROR,
        object=stack.name,
        message=ws.quote(said[-1] if said else f"ended with code {ran.code}", LONGEST_MESSAGE),
        cause="Docker Compose refuses these files.",
        evidence=(Evidence(source="compose", where=f"{first}:1:1"),),
    )
    return (finding,), ()


def _verdict(findings: list[Finding], files: tuple[str, ...]) -> str:
    where = ", ".join(files)
    if not findings:
        return f"Nothing wrong found in {where}."
    counts = Counter(finding.severity for finding in findings)
    words = ((Severity.ERROR, "error"), (Severity.WARN, "warning"), (Severity.INFO, "remark"))
    parts = [f"{counts[level]} {word}{'s' * (counts[level] > 1)}" for level, word in words if counts[level]]
    return f"{', '.join(parts)} in {where}."
