"""Checks that domains bring: looks by name with which a plan can end, beside those that every plan knows.

A domain makes one with `@named_check("name")` over a function of what may be read, the step's arguments and where to
tell progress. It answers what was seen in a sentence and raises `CheckFailed` where it is not as it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from docker_agent.core.errors import CheckFailed
from docker_agent.core.plan import Check
from docker_agent.host.host import Reads, Tell

Scalar = str | int | float | bool
Look = Callable[[Reads, Mapping[str, Scalar], Tell], str]


@dataclass(frozen=True)
class NamedCheck:
    """A check by its name; `look` reads only."""

    name: str
    look: Look


def named_check(name: str) -> Callable[[Look], NamedCheck]:
    """Make a check of a function; plans ask for it by this name."""
    return lambda look: NamedCheck(name, look)


def run_check(step: Check, checks: Mapping[str, NamedCheck], reads: Reads, tell: Tell) -> str:
    """Look, and answer what was seen.

    Raises
    ------
    CheckFailed: it is not as it should be, the check breaks, or there is no such check: what nobody looked at does not
        hold, and a plan has to go back from there too.
    """
    if step.name not in checks:
        raise CheckFailed(f"There is no check {step.name!r}, so it was not looked at.", "Ask for the plan again.")
    try:
        return checks[step.name].look(reads, step.args, tell)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        said = f"{type(error).__name__}: {error}"
        raise CheckFailed(f"The check {step.name} broke: {said}, so it was not looked at.", "Report it.") from error
