"""Rules: generators over a typed model whose docstring is manual and test at once.

A rule file holds one function decorated with `@rule(...)` and, where the fault can be mended in the text, a second one
decorated with `@NAME.fix`. The docstring has the sections *Why*, *Flagged* and *Fine* (each of the last two with an
indented example that the tests run), optionally *Instead* and *See*.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docker_agent.core.finding import Finding, Severity

Check = Callable[[Any], Iterator[Finding]]
Mend = Callable[[Any, Finding], Iterable[Any]]


@dataclass
class Rule:
    """A rule: `code` is the function's name and the policy key; `mend` gives the text edits for one finding, if any."""

    code: str
    severity: Severity
    area: str
    manual: str
    check: Check
    mend: Mend | None = field(default=None)

    @property
    def summary(self) -> str:
        """The first sentence of the manual."""
        return self.manual.split("\n", 1)[0]

    def fix(self, mend: Mend) -> Mend:
        """Register the function that turns one finding of this rule into text edits (use as a decorator)."""
        self.mend = mend
        return mend


def rule(*, severity: Severity, area: str) -> Callable[[Check], Rule]:
    """Make a rule of a generator; the function's name is its code and says the fault.

    Parameters
    ----------
    severity: default severity, changed by the policies of the project context.
    area: `model`, `conflict`, `security`, `production`, `practice` or `style`.
    """

    def decorate(check: Check) -> Rule:
        manual = inspect.getdoc(check) or ""
        name = str(getattr(check, "__name__", "rule"))
        if "Flagged" not in manual or "Fine" not in manual:
            raise TypeError(f"{name}: the docstring of a rule shows a Flagged and a Fine example.")
        return Rule(code=name, severity=severity, area=area, manual=manual, check=check)

    return decorate
