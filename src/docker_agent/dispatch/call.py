"""One call on its way through the door, what comes of it, and the screen that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from docker_agent.core.errors import AgentError
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.tool import Tool
from docker_agent.host.apply import Applied
from docker_agent.policy.approve import Approver
from docker_agent.policy.permit import Verdict


class Screen(Protocol):
    """Where plans and progress are shown while a call is under way; everything it gets is redacted."""

    def show_plan(self, plan: Plan, digest: str, diffs: Mapping[int, str]) -> None:
        """Show a plan before it is approved; `diffs` holds what each writing step changes, by its position."""
        ...

    def tell(self, line: str) -> None:
        """Show a line of progress."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What came of a call.

    Attributes
    ----------
    text: what the model reads: redacted, trimmed, fenced where untrusted.
    data: the same as plain data for `--json`, redacted but whole.
    exit_code: as in the design's table.
    """

    tool: str
    text: str
    data: dict[str, Any]
    is_error: bool = False
    exit_code: int = 0
    plan: Plan | None = None
    applied: Applied | None = None
    answer: BaseModel | None = None
    error: AgentError | None = None


@dataclass
class Call:
    """One call on its way through the door."""

    name: str
    arguments: dict[str, Any]
    by: str
    approver: Approver
    undoes: str = ""
    tool: Tool | None = None
    answer: BaseModel | None = None
    plan: Plan | None = None
    verdict: Verdict | None = None
    applied: Applied | None = None
    error: AgentError | None = None
    causes: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()
    saved: str = ""
    undo: str = ""
    diffs: dict[int, str] = field(default_factory=dict[int, str])
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    text: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing but the closing stages is left to do."""
        return self.error is not None
