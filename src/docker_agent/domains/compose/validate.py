"""The tool that says whether Compose would take compose files."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.compose.judge import refusals
from docker_agent.project.stack import stack_of
from docker_agent.project.workspace import Workspace


class Validation(BaseModel):
    """Whether Compose would take the files, and everything that it would refuse."""

    model_config = ConfigDict(frozen=True)

    verdict: str
    valid: bool
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    not_looked_at: tuple[str, ...] = ()


@tool(
    risk=Risk.READ,
    untrusted="text of compose files",
    examples=(
        "docker-agent compose validate",
        "docker-agent compose validate compose.yaml compose.prod.yaml",
    ),
)
def validate(
    ws: Workspace,
    files: Annotated[list[str], "Compose files in the order of merging; the stack's own by default."] = [],  # noqa: B006
) -> Validation:
    """Say whether Compose would take the stack's files: all errors at once, without the advice of compose_check."""
    stack = stack_of(ws, files=files, strict=False, template=False)
    if stack is None:
        raise InputError(f"There is no compose file in {ws.root}.", "Name the files, or create compose.yaml.")
    names = tuple(stack.model.sources)
    findings = refusals(stack.model)
    many = len(findings)
    said = f"would refuse {', '.join(names)}: {many} error{'s' * (many > 1)}" if many else f"takes {', '.join(names)}"
    return Validation(
        verdict=f"Compose {said}.",
        valid=not findings,
        files=names,
        findings=findings,
        not_looked_at=stack.model.not_looked_at,
    )
