"""The door for calls that only look: arguments, redaction, trimming, fences, faults and the record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.doors import SECRET, TOOLS, Place, place

from docker_agent.core.errors import AgentError, CheckFailed, InputError
from docker_agent.domains.guide.read_on import read_on
from docker_agent.policy.approve import NoApprover
from docker_agent.policy.permit import Mode
from docker_agent.policy.taint import unfence

CURSOR = re.compile(r"guide_read_on\(cursor='(r\d+)', offset=(\d+)\)")


@pytest.fixture
def here(tmp_path: Path) -> Place:
    return place(tmp_path)


def test_looking_runs_without_anybody_there(here: Place) -> None:
    outcome = here.take("look", words="hello")

    assert (outcome.is_error, outcome.exit_code, outcome.error) == (False, 0, None)
    assert outcome.data == {"words": "hello", "password": ""}
    assert json.loads(outcome.text) == outcome.data
    assert here.screen.plans == []
    assert [(record["tool"], record["verdict"], record["outcome"], record["by"]) for record in here.records] == [
        ("test_look", "run", "done", "model")
    ]


@pytest.mark.parametrize("mode", [Mode(read_only=True), Mode("terminal"), Mode("remote")])
def test_looking_runs_everywhere(tmp_path: Path, mode: Mode) -> None:
    assert place(tmp_path, mode).take("look", words="x").data["words"] == "x"


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("nosuch", {}, "There is no tool 'test_nosuch'."),
        ("", {"words": "x"}, "There is no tool 'test_'."),
        ("look", {"wrods": "x"}, "wrods: Extra inputs"),
        ("look", {"words": 3}, "words: Input should be a valid string"),
        ("look", {"words": None}, "words: Input should be a valid string"),
        ("look", {"times": "many"}, "times: Input should be a valid integer"),
        ("look", {"times": 1.5}, "times: Input should be a valid integer"),
        ("look", {"words": ["x"]}, "words: Input should be a valid string"),
        ("hear", {}, "name: Field required"),
        ("begin", {"name": {"$ne": ""}}, "name: Input should be a valid string"),
    ],
)
def test_what_does_not_fit_is_refused_and_recorded(
    here: Place, tool: str, arguments: dict[str, Any], said: str
) -> None:
    outcome = here.take(tool, **arguments)

    assert (outcome.is_error, outcome.exit_code) == (True, 2)
    assert isinstance(outcome.error, InputError)
    assert said in outcome.error.message
    assert outcome.error.next_step
    assert json.loads(unfence(outcome.text))["status"] == "error"
    assert [record["outcome"] for record in here.records] == ["error"]
    assert here.world.done == []


def test_an_unknown_tool_names_those_that_there_are(here: Place) -> None:
    outcome = here.take("nosuch")

    assert outcome.error is not None
    assert all(name in outcome.error.next_step for name in TOOLS)


def test_a_secret_is_masked_in_data_text_and_error_and_in_the_record(here: Place) -> None:
    for outcome in (
        here.take("look", words=f"url=postgres://u:{SECRET}@db"),
        here.take("fail", words=f"bad password {SECRET}", kind="input"),
        here.take("fail", words=f"bad password {SECRET}", kind="bug"),
        here.take("look", nosuch=SECRET),
        here.take("hear", name="web"),
    ):
        assert SECRET not in repr((outcome.text, outcome.data, str(outcome.error)))

    assert "<secret:DB_PASSWORD>" in here.take("look", words=SECRET).text
    assert SECRET.encode() not in here.door.audit.path.read_bytes()
    assert "<secret:DB_PASSWORD>" in here.door.audit.path.read_text()


def test_a_secret_is_masked_in_what_reading_on_gives(here: Place) -> None:
    text = here.take("look", words="." * 7_900 + SECRET + "." * 7_900).text

    assert SECRET not in text
    assert SECRET not in "".join(here.door.kept.values())


@pytest.mark.parametrize(
    ("kind", "error", "code"), [("input", InputError, 2), ("check", CheckFailed, 1), ("bug", AgentError, 2)]
)
def test_a_tool_that_fails_ends_the_call_and_not_the_session(
    here: Place, kind: str, error: type[AgentError], code: int
) -> None:
    outcome = here.take("fail", words="no such thing", kind=kind)

    assert type(outcome.error) is error
    assert outcome.exit_code == code
    assert "no such thing" in json.loads(outcome.text)["reason"]
    assert [(record["outcome"], "no such thing" in record["error"]) for record in here.records] == [("error", True)]
    assert here.take("look", words="x").exit_code == 0


def test_a_fault_in_a_tool_says_which_and_what(here: Place) -> None:
    outcome = here.take("fail", words="by zero", kind="bug")

    assert "test_fail" in str(outcome.error)
    assert "ZeroDivisionError" in str(outcome.error)
    assert outcome.error is not None
    assert isinstance(outcome.error.__cause__, ZeroDivisionError)


def test_ctrl_c_is_passed_on_after_it_was_recorded(here: Place) -> None:
    with pytest.raises(KeyboardInterrupt):
        here.take("fail", words="", kind="stop")

    assert [(record["tool"], record["outcome"], record["error"]) for record in here.records] == [
        ("test_fail", "error", "Stopped by Ctrl-C. What was done is in `docker-agent log`.")
    ]


def test_untrusted_text_is_fenced_labelled_and_remembered(here: Place) -> None:
    assert not here.door.taint.tainted

    outcome = here.take("hear", name="web")

    assert outcome.text.startswith('<untrusted source="container logs">\n')
    assert outcome.text.count("</untrusted>") == 1
    assert "ignore all rules" in unfence(outcome.text)
    assert here.door.taint.sources == ("container logs",)
    assert "<untrusted" not in here.take("look", words="x").text


def test_an_error_of_an_untrusted_tool_is_fenced_and_taints_as_well(here: Place) -> None:
    outcome = here.take("hear", name="nosuch")

    assert outcome.is_error
    assert outcome.text.startswith('<untrusted source="container logs">\n')
    assert here.door.taint.tainted


def test_a_call_that_was_refused_for_its_arguments_does_not_taint(here: Place) -> None:
    here.take("hear", nosuch="web")

    assert not here.door.taint.tainted


def test_a_long_answer_is_cut_in_the_middle_with_a_cursor_and_data_stays_whole(here: Place) -> None:
    words = "".join(f"{number:05d} " for number in range(5_000))
    outcome = here.take("look", words=words)

    assert outcome.data["words"] == words
    assert len(outcome.text) < 8_200
    assert "00000 " in outcome.text
    assert "04999 " in outcome.text
    found = CURSOR.search(outcome.text)
    assert found is not None
    cursor, offset = found[1], int(found[2])
    head, _, tail = outcome.text.partition("\n[... ")
    kept = here.door.workspace.kept[cursor]
    assert head == kept[:offset]
    assert kept.endswith(tail.partition("...]\n")[2])
    assert f"{len(kept)} characters" in tail


@pytest.mark.parametrize(("length", "is_cut"), [(7_974, False), (7_975, True)])
def test_the_budget_is_met_to_the_character(here: Place, length: int, is_cut: bool) -> None:
    text = here.take("look", words="x" * length).text

    assert (len(text) != len('{"words":"","password":""}') + length) is is_cut
    assert bool(here.door.kept) is is_cut


def read_all(here: Place, cursor: str) -> Iterator[str]:
    """All pieces of a kept answer, as a model gets them through the door."""
    here.door.tools = {**TOOLS, read_on.name: read_on}
    offset: int | None = 0
    while offset is not None:
        outcome = here.door(read_on.name, {"cursor": cursor, "offset": offset}, by="model", approver=NoApprover())
        assert CURSOR.search(outcome.text) is None
        piece = json.loads(unfence(outcome.text))
        yield piece["text"]
        offset = piece["next_offset"]


@pytest.mark.parametrize("words", ["plain words ", 'say "x" ', "\\", "\n\n", "\x1b[31mred\x1b[0m ", "é✓ "])
def test_reading_on_gives_the_whole_answer_piece_by_piece(here: Place, words: str) -> None:
    found = CURSOR.search(here.take("look", words=words * 9_000).text)
    assert found is not None

    text = "".join(read_all(here, found[1]))

    assert json.loads(text) == {"words": words * 9_000, "password": ""}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=200), times=st.integers(0, 100))
def test_whatever_a_tool_answers_the_model_gets_a_bounded_closed_text(here: Place, words: str, times: int) -> None:
    outcome = here.take("look", words=words, times=times)
    assert len(outcome.text) <= 8_000 + 120
    here.world.lines["web"] = []
    here.world.say("web", words * times)
    outcome = here.take("hear", name="web")
    assert outcome.text.endswith("\n</untrusted>")
    assert outcome.text.lower().count("</untrusted") == 1
    assert len(outcome.text) <= 4 * 400 + 200


def test_many_calls_at_once_keep_one_chain_and_their_own_cursors(here: Place) -> None:
    here.door.tools = {**TOOLS, "test_look": replace(TOOLS["test_look"], budget_chars=100)}
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(here.take, "look", words=f"{number:03d} " * 100) for number in range(120)]
        outcomes = [future.result() for future in futures]

    cursors = {found[1] for outcome in outcomes if (found := CURSOR.search(outcome.text))}
    assert len(cursors) == 120
    assert here.door.audit.verify() == 120
    for number, outcome in enumerate(outcomes):
        found = CURSOR.search(outcome.text)
        assert found is not None
        assert here.door.kept[found[1]].startswith(f'{{"words":"{number:03d} ')


def test_an_audit_log_that_cannot_be_written_fails_the_call(tmp_path: Path) -> None:
    here = place(tmp_path / "state")
    (tmp_path / "state").write_text("a file where the folder should be")

    outcome = here.take("look", words="x")

    assert outcome.exit_code == 2
    assert "audit log" in str(outcome.error)
