"""What a person sees while work is under way, and how they are asked: rich on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console

from docker_agent.core.plan import Plan
from docker_agent.policy.approve import Approval
from docker_agent.policy.permit import Verdict
from docker_agent.policy.taint import clean
from docker_agent.surfaces.render import plan_panel, plan_text


@dataclass
class TerminalScreen:
    """Shows plans and progress on standard error, so that standard output holds only the answer.

    Attributes
    ----------
    quiet: no progress lines.
    silent: no plans either, for `--json`.
    """

    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    quiet: bool = False
    silent: bool = False

    def show_plan(self, plan: Plan, digest: str, diffs: Mapping[int, str]) -> None:
        """Show a plan: as a panel on a terminal, as lines in a pipe."""
        if self.silent:
            return
        if self.console.is_terminal:
            self.console.print(plan_panel(plan, digest, diffs))
        else:
            self.console.print(plan_text(plan, digest, diffs), markup=False, soft_wrap=True)

    def tell(self, line: str) -> None:
        """Show a line of progress."""
        if not self.quiet and not self.silent:
            self.console.print(f"  {clean(line)}", style="dim", markup=False, soft_wrap=True)


@dataclass
class TerminalApprover:
    """Asks the person at the terminal; anything but a clear yes is a no, and so is the end of input."""

    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))

    def approve(self, plan: Plan, digest: str, verdict: Verdict) -> Approval:
        """Ask for this plan; data at stake or foreign objects want a word typed in full."""
        if verdict.kind == "ask_typed":
            word = (plan.data or plan.foreign or ("destroy",))[0].rpartition(":")[2]
            asked = f"{verdict.reason} Type {word!r} to go on: "
            said = self._ask(asked)
            yes = said == word
        else:
            said = self._ask(f"Apply this plan ({digest[:12]})? [y/N] ").lower()
            yes = said in {"y", "yes"}
        return Approval(yes=yes, digest=digest, by="person", reason="" if yes else "the person said no.")

    def _ask(self, question: str) -> str:
        self.console.print(question, end="", markup=False)
        try:
            return sys.stdin.readline().strip()
        except KeyboardInterrupt:
            self.console.print()
            raise
