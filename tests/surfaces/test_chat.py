"""A conversation with piped input: prompts, slash commands, errors that end one prompt only, the end of input."""

from __future__ import annotations

import pytest
from tests.surfaces.conftest import Line


def test_the_first_line_says_where_it_is_and_what_there_is(line: Line) -> None:
    ended = line("chat")

    assert ended.code == 0
    assert ended.out == f"docker-agent in {line.root} with offline. /tools /plan /undo /quit\n"


def test_tools_lists_what_the_model_sees(line: Line) -> None:
    ended = line("chat", say="/tools\n")

    assert ended.code == 0
    assert "stack_list" in ended.out
    assert "Plan to write a whole text file" in ended.out


@pytest.mark.parametrize("typed", ["/bogus", "/", "/TOOLS", "//", "/quit/"])
def test_an_unknown_slash_word_is_answered_with_those_that_there_are(line: Line, typed: str) -> None:
    ended = line("chat", say=f"{typed}\n/plan\n")

    assert ended.code == 0
    assert "/tools, /plan, /undo, /quit" in ended.out
    assert "No plan is waiting." in ended.out


def test_a_waiting_plan_is_shown(line: Line) -> None:
    line("files", "write", "a.txt", "one", "first")

    assert "PLAN Create a.txt" in line("chat", say="/plan\n").out


def test_undo_reverses_the_newest_change(line: Line) -> None:
    line("files", "write", "a.txt", "one", "first", "--yes")

    ended = line("chat", "--yes", say="/undo\n/undo\n")

    assert not (line.root / "a.txt").exists()
    assert "Undo of 1: Create a.txt" in ended.out
    assert "The journal has nothing to undo." in ended.err


def test_quit_ends_it_before_the_end_of_input(line: Line) -> None:
    ended = line("chat", say="/quit\n/tools\n")

    assert ended.code == 0
    assert "stack_list" not in ended.out


@pytest.mark.parametrize("blank", ["\n\n", "   \n", "\t\n"])
def test_blank_lines_are_no_prompts(line: Line, blank: str) -> None:
    assert "offline:" not in line("chat", say=blank).err


def test_each_line_is_a_prompt_and_an_error_ends_only_that_one(line: Line) -> None:
    line.write("compose.yaml", "services:\n  web:\n    image: web:1\n    privileged: true\n")

    ended = line("chat", "--max-turns", "1", say="check my compose file\n/plan\ncheck my compose file\n")

    assert ended.code == 0
    assert ended.err.count("The 1 turns that were allowed are used up.") == 2
    assert "No plan is waiting." in ended.out


def test_the_next_prompt_goes_on_with_the_conversation(line: Line) -> None:
    line.write("compose.yaml", "services:\n  web:\n    image: web:1\n    privileged: true\n")

    ended = line("chat", say="check my compose file\ncheck it again\n")

    assert ended.out.count("privileged_mode") >= 1
    assert "offline: 2 turns" in ended.err
    assert "\x1b" not in ended.out
