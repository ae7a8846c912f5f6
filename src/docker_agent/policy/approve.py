"""Who says yes: nobody, the person's flag, or a digest that comes back; the terminal's own asker is in surfaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from docker_agent.core.plan import Plan, Risk
from docker_agent.policy.permit import Verdict


@dataclass(frozen=True)
class Approval:
    """An answer to one plan; a yes counts only for the digest that it names."""

    yes: bool
    digest: str
    by: str
    reason: str = ""


class Approver(Protocol):
    """Somebody who can be asked."""

    def approve(self, plan: Plan, digest: str, verdict: Verdict) -> Approval:
        """Say yes or no to one plan."""
        ...


class NoApprover:
    """Nobody is there: no."""

    def approve(self, plan: Plan, digest: str, verdict: Verdict) -> Approval:
        """Say no."""
        del plan, verdict
        return Approval(yes=False, digest=digest, by="nobody", reason="nobody is there to ask.")


class YesApprover:
    """The person said yes beforehand, with a flag."""

    def approve(self, plan: Plan, digest: str, verdict: Verdict) -> Approval:
        """Say yes to changes inside the project; whatever destroys or is foreign needs a person."""
        if verdict.kind == "ask_typed" or plan.risk is Risk.DESTROY or plan.foreign:
            return Approval(yes=False, digest=digest, by="--yes", reason="a person has to say yes to this one.")
        return Approval(yes=True, digest=digest, by="--yes")


class DigestApprover:
    """Another agent brings back the digests of plans that its person saw."""

    def __init__(self, digests: Iterable[str]) -> None:
        self._digests = frozenset(digests)

    def approve(self, plan: Plan, digest: str, verdict: Verdict) -> Approval:
        """Say yes to exactly the digests that were brought."""
        del plan, verdict
        known = digest in self._digests
        return Approval(yes=known, digest=digest, by="digest", reason="" if known else "its digest was not brought.")
