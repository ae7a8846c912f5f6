"""Signatures: how a failure looks in the state of a container, network, volume or proxy, its cause and its fix.

A signature file holds one function decorated with `@signature(...)`, a generator over a snapshot, and where the fix can
be mechanical a second one decorated with `@NAME.fix` that returns the steps. Where a program's message tells it, the
docstring's section *Seen* quotes such messages, an indented line each; the tests hand them over.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan

Look = Callable[[Any], Iterator[Finding]]
Mend = Callable[[Any, Finding], Plan | None]


@dataclass
class Signature:
    """A failure's signature: `code` names it in the catalogue, `mend` gives the plan for one finding, if any."""

    code: str
    area: str
    manual: str
    look: Look
    mend: Mend | None = field(default=None)

    @property
    def summary(self) -> str:
        """The first sentence of the manual."""
        return self.manual.split("\n", 1)[0]

    @property
    def seen(self) -> tuple[str, ...]:
        """The messages of the manual's section *Seen*: each is recognised by this signature and by no other."""
        _, _, section = self.manual.partition("\nSeen\n----\n")
        return tuple(line.strip() for line in section.splitlines() if line.startswith("    "))

    def fix(self, mend: Mend) -> Mend:
        """Register the function that turns one finding into a plan (use as a decorator)."""
        self.mend = mend
        return mend


def signature(*, code: str, area: str) -> Callable[[Look], Signature]:
    """Make a signature of a generator over a snapshot; `code` is kebab-case and unique in the catalogue."""

    def decorate(look: Look) -> Signature:
        manual = inspect.getdoc(look) or ""
        if not manual:
            raise TypeError(f"{code}: a signature needs a docstring that says the cause.")
        return Signature(code=code, area=area, manual=manual, look=look)

    return decorate
