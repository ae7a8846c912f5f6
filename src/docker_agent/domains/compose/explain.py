"""The tool that explains one rule of the compose check."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.compose.judge import all_rules
from docker_agent.domains.compose.manual import manual_page
from docker_agent.project.workspace import Workspace


class Explained(BaseModel):
    """The manual of a rule as Markdown."""

    model_config = ConfigDict(frozen=True)

    code: str
    manual: str


@tool(
    risk=Risk.READ,
    examples=("docker-agent compose explain privileged_mode",),
)
def explain(_ws: Workspace, code: Annotated[str, "Code of a finding of compose_check."]) -> Explained:
    """Explain a rule of the compose check: why it matters, what is flagged, what is fine, what to do instead."""
    rules = {rule.code: rule for rule in all_rules()}
    wanted = code.strip().lower().replace("-", "_")
    if wanted not in rules:
        near = get_close_matches(wanted, rules, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "The codes are listed in ref-docs/rules/index.md."
        raise InputError(f"There is no rule {code!r}.", hint)
    return Explained(code=wanted, manual=manual_page(rules[wanted]))
