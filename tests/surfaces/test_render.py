"""Answers and errors as a person reads them in a pipe: whole, plain and harmless."""

from __future__ import annotations

from typing import Any

import pytest

from docker_agent.core.errors import InputError
from docker_agent.surfaces.render import print_answer, print_error

Printed = pytest.CaptureFixture[str]
EVIL = "\x1b[31m\x1b]0;owned\x07[bold]x[/bold]\u202e"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": "web", "healthy": True, "empty": "", "none": None}, "name: web\nhealthy: yes\n"),
        ({"left_out": 3, "ok": False}, "left out: 3\nok: no\n"),
        ({"files": ["a", "b"]}, "files: a, b\n"),
        ({"files": []}, ""),
        ({"text": "one\ntwo"}, "one\ntwo\n"),
        ({"labels": {"a": "b", "c": 1}}, "labels: a=b, c=1\n"),
        ({"lines": ["x" * 70, "y" * 70]}, f"lines:\n{'x' * 70}\n{'y' * 70}\n"),
        ({"long": "z" * 500}, f"long: {'z' * 500}\n"),
        ({}, ""),
    ],
)
def test_fields_are_lines(capsys: Printed, data: dict[str, Any], said: str) -> None:
    print_answer(data)

    assert capsys.readouterr().out == said


def test_lists_of_objects_are_tables_of_the_columns_that_hold_something(capsys: Printed) -> None:
    print_answer(
        {"rows": [{"name": "web", "port": 80, "note": "", "up": True}, {"name": "db", "port": 0, "up": False}]}
    )

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["rows"], ["name", "port", "up"], ["web", "80", "yes"], ["db", "0"]]


def test_findings_are_told_with_their_evidence_and_fix(capsys: Printed) -> None:
    finding = {
        "severity": "error",
        "code": "oom",
        "object": "web",
        "message": "It was killed.",
        "cause": "No memory.",
        "fix": "Raise the limit.",
        "evidence": [{"where": "web State.OOMKilled", "quote": "true"}],
    }

    said = (
        "error oom  web: It was killed.\n"
        "      cause: No memory.\n"
        "      web State.OOMKilled  true\n"
        "      fix: Raise the limit.\n"
    )
    for given, mend, more in (
        (finding, "mend it", ""),
        ({**finding, "fixable": True}, "", ""),
        ({**finding, "fixable": True}, "mend it", "      mend: mend it oom web\n"),
    ):
        print_answer({"findings": [given]}, mend)
        assert capsys.readouterr().out == said + more


@pytest.mark.parametrize(
    "data",
    [
        {"name": EVIL},
        {"text": f"{EVIL}\n{EVIL}"},
        {"names": [EVIL]},
        {"names": [EVIL * 50]},
        {"labels": {"a": EVIL}},
        {"rows": [{"name": EVIL, "names": [EVIL]}]},
        {"findings": [{"code": EVIL, "object": EVIL, "message": EVIL, "evidence": [{"where": EVIL, "quote": EVIL}]}]},
        {"digest": "d", "steps": [], "status": EVIL, "title": EVIL, "done": [EVIL], "entry": "1"},
    ],
)
def test_untrusted_text_is_shown_as_it_is_without_control(capsys: Printed, data: dict[str, Any]) -> None:
    print_answer(data)

    out = capsys.readouterr().out
    assert "[bold]x[/bold]" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert "owned" not in out


def test_an_error_is_a_sentence_and_the_next_step(capsys: Printed) -> None:
    print_error(InputError(f"No {EVIL}.", "Try [this]."))

    out, err = capsys.readouterr()
    assert (out, err) == ("", "Error: No [bold]x[/bold].\nNext: Try [this].\n")


def test_an_error_without_a_next_step_is_one_line(capsys: Printed) -> None:
    print_error(InputError("No."))

    assert capsys.readouterr().err == "Error: No.\n"


def test_what_became_of_a_plan_is_told_with_its_check_and_undo(capsys: Printed) -> None:
    print_answer(
        {
            "digest": "d",
            "steps": ["x"],
            "status": "applied",
            "title": "T",
            "verified": True,
            "entry": "3",
            "undo": "docker-agent undo 3",
            "done": ["s"],
        }
    )

    assert capsys.readouterr().out == "  s\napplied, verified: T\nUndo: docker-agent undo 3\n"
