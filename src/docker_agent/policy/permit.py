"""The approval table: who may apply a plan without asking, who is asked, who is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from docker_agent.core.plan import Risk

Surface = Literal["terminal", "unattended", "remote"]
Kind = Literal["run", "ask", "ask_typed", "refuse", "save"]


@dataclass(frozen=True)
class Mode:
    """Where a session runs and what its person allowed beforehand.

    Attributes
    ----------
    surface: a terminal with a person, nobody there, or another agent that can bring a digest.
    yes: changes inside the project are applied without asking.
    yes_destroy: destroying and foreign ones too, as long as no untrusted text was read.
    read_only: nothing is ever changed.
    """

    surface: Surface = "unattended"
    yes: bool = False
    yes_destroy: bool = False
    read_only: bool = False


@dataclass(frozen=True)
class Verdict:
    """What happens to a plan, and why."""

    kind: Kind
    reason: str = ""


def permit(risk: Risk, *, foreign: bool, data: bool, mode: Mode, tainted: bool) -> Verdict:
    """Look a plan up in the approval table of the design.

    Parameters
    ----------
    foreign: it touches objects outside the project.
    data: volumes with data would be lost.
    tainted: untrusted text (logs, labels, command output) was read in this session.
    """
    if risk is Risk.READ:
        return Verdict("run")
    if mode.read_only:
        return Verdict("refuse", "this session is read-only.")
    grave = risk is Risk.DESTROY or foreign
    if not grave:
        return _plain(mode)
    why = "it destroys something." if risk is Risk.DESTROY else "it touches objects outside the project."
    if mode.yes_destroy and not tainted:
        return Verdict("run", "--yes-destroy was given.")
    if tainted and mode.yes_destroy:
        why = f"{why} Untrusted text was read in this session, so --yes-destroy does not count."
    waved_through = mode.surface == "terminal" and mode.yes and not mode.yes_destroy
    if mode.surface == "unattended" or waved_through:
        return Verdict("save", why)
    typed = mode.surface == "terminal" and data
    return Verdict("ask_typed" if typed else "ask", why)


def _plain(mode: Mode) -> Verdict:
    if mode.yes:
        return Verdict("run", "--yes was given.")
    if mode.surface == "unattended":
        return Verdict("save", "nobody is there to ask.")
    return Verdict("ask", "it changes something inside the project.")
