"""The approval table of the design, every cell of it."""

from __future__ import annotations

from itertools import product

import pytest

from docker_agent.core.plan import Risk
from docker_agent.policy.permit import Kind, Mode, Surface, permit

TERMINAL, UNATTENDED, REMOTE = Mode(surface="terminal"), Mode(), Mode(surface="remote")
YES = Mode(yes=True)
YES_DESTROY = Mode(yes=True, yes_destroy=True)
READ_ONLY = Mode(surface="terminal", read_only=True)
SURFACES: tuple[Surface, ...] = ("terminal", "unattended", "remote")
FLAGS = (False, True)


@pytest.mark.parametrize(
    ("mode", "inside", "destroy", "foreign", "with_data"),
    [
        (TERMINAL, "ask", "ask", "ask", "ask_typed"),
        (UNATTENDED, "save", "save", "save", "save"),
        (REMOTE, "ask", "ask", "ask", "ask"),
        (YES, "run", "save", "save", "save"),
        (Mode(surface="terminal", yes=True), "run", "save", "save", "save"),
        (Mode(surface="remote", yes=True), "run", "ask", "ask", "ask"),
        (YES_DESTROY, "run", "run", "run", "run"),
        (Mode(surface="terminal", yes=True, yes_destroy=True), "run", "run", "run", "run"),
        (READ_ONLY, "refuse", "refuse", "refuse", "refuse"),
        (Mode(yes=True, yes_destroy=True, read_only=True), "refuse", "refuse", "refuse", "refuse"),
    ],
)
def test_the_table(mode: Mode, inside: Kind, destroy: Kind, foreign: Kind, with_data: Kind) -> None:
    assert [inside, destroy, foreign, with_data] == [
        permit(Risk.CHANGE, foreign=False, data=False, mode=mode, tainted=False).kind,
        permit(Risk.DESTROY, foreign=False, data=False, mode=mode, tainted=False).kind,
        permit(Risk.CHANGE, foreign=True, data=False, mode=mode, tainted=False).kind,
        permit(Risk.DESTROY, foreign=False, data=True, mode=mode, tainted=False).kind,
    ]


@pytest.mark.parametrize("mode", [TERMINAL, UNATTENDED, REMOTE, YES, YES_DESTROY, READ_ONLY])
def test_reading_always_runs(mode: Mode) -> None:
    for foreign, data, tainted in product(FLAGS, FLAGS, FLAGS):
        assert permit(Risk.READ, foreign=foreign, data=data, mode=mode, tainted=tainted).kind == "run"


@pytest.mark.parametrize(("surface", "kind"), [("terminal", "ask"), ("unattended", "save"), ("remote", "ask")])
def test_taint_beats_yes_destroy(surface: Surface, kind: Kind) -> None:
    mode = Mode(surface=surface, yes=True, yes_destroy=True)

    verdict = permit(Risk.DESTROY, foreign=False, data=False, mode=mode, tainted=True)

    assert verdict.kind == kind
    assert "Untrusted text was read" in verdict.reason


def test_no_grave_plan_runs_in_a_tainted_session_whatever_the_flags() -> None:
    for surface, yes, yes_destroy, read_only, risk, foreign, data in product(
        SURFACES, FLAGS, FLAGS, FLAGS, (Risk.CHANGE, Risk.DESTROY), FLAGS, FLAGS
    ):
        if risk is Risk.DESTROY or foreign:
            mode = Mode(surface, yes=yes, yes_destroy=yes_destroy, read_only=read_only)
            assert permit(risk, foreign=foreign, data=data, mode=mode, tainted=True).kind != "run"


def test_nothing_that_changes_runs_without_a_flag() -> None:
    for surface, risk, foreign, data, tainted in product(SURFACES, (Risk.CHANGE, Risk.DESTROY), FLAGS, FLAGS, FLAGS):
        assert permit(risk, foreign=foreign, data=data, mode=Mode(surface), tainted=tainted).kind != "run"


def test_taint_does_not_stop_a_plain_change_that_was_allowed() -> None:
    assert permit(Risk.CHANGE, foreign=False, data=False, mode=YES, tainted=True).kind == "run"


@pytest.mark.parametrize(
    ("risk", "foreign", "words"),
    [(Risk.DESTROY, False, "destroys"), (Risk.CHANGE, True, "outside the project"), (Risk.CHANGE, False, "nobody")],
)
def test_the_verdict_says_why(risk: Risk, foreign: bool, words: str) -> None:
    assert words in permit(risk, foreign=foreign, data=False, mode=UNATTENDED, tainted=False).reason
