"""Rules: generators over a typed model whose docstring is manual and test at once.

A rule file holds one function decorated with `@rule(...)` and, where the fault can be mended in the text, a second one
decorated with `@NAME.fix(kind)`. The docstring has the sections *Why*, *Flagged* and *Fine* (each of the last two with
an indented example that the tests run), optionally *Instead* and *See*.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, get_args

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import field, mutable

Check = Callable[[Any], Iterator[Finding]]
Mend = Callable[[Any, Finding], Iterable[Any]]
Area = Literal["model", "conflict", "security", "production", "practice", "style"]
FixKind = Literal["safe", "behaviour", "suggest"]


@mutable
class Rule:
    """A rule: `code` is the function's name and the policy key; `mend` gives the text edits for one finding, if any.

    Attributes
    ----------
    severity: in the profile `dev`; `off` for a rule that must be asked for.
    production: severity in the profile `prod`.
    hardening: whether the profile `dev` folds its findings into one "not hardened" remark a service.
    fix_kind: `safe` edits leave what runs as it is, `behaviour` edits change it, `suggest` edits need a choice.
    """

    code: str
    severity: Severity
    production: Severity
    area: Area
    check: Check
    hardening: bool = False
    mend: Mend | None = field(default=None)
    fix_kind: FixKind = "behaviour"

    @property
    def manual(self) -> str:
        """The docstring of the check; what reads it is loaded when needed."""
        inspect: Any = importlib.import_module("inspect")
        return str(inspect.getdoc(self.check) or "")

    @property
    def summary(self) -> str:
        """The first sentence of the manual."""
        return self.manual.split("\n", 1)[0]

    def fix(self, kind: FixKind) -> Callable[[Mend], Mend]:
        """Register the function that turns one finding of this rule into text edits (use as a decorator)."""

        def register(mend: Mend) -> Mend:
            self.mend, self.fix_kind = mend, kind
            return mend

        return register


def rule(
    *, severity: Severity, area: Area, production: Severity | None = None, hardening: bool = False
) -> Callable[[Check], Rule]:
    """Make a rule of a generator; the function's name is its code and says the fault.

    Parameters
    ----------
    severity: default severity, changed by the policies of the project context; `off` for a matter of taste.
    production: severity in the profile `prod`; as `severity` where it is not given.
    hardening: one of the many measures that most good files lack; the profile `dev` sums them up.

    Raises
    ------
    TypeError: at import, where the manual lacks an example or the area is none.
    """

    def decorate(check: Check) -> Rule:
        manual = check.__doc__ or ""
        name = str(getattr(check, "__name__", "rule"))
        if "Flagged" not in manual or "Fine" not in manual:
            raise TypeError(f"{name}: the docstring of a rule shows a Flagged and a Fine example.")
        if area not in get_args(Area):
            raise TypeError(f"{name}: {area} is no area of rules.")
        return Rule(name, severity, production or severity, area, check, hardening)

    return decorate
