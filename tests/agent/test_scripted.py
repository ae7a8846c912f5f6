"""The model that replays a script."""

from __future__ import annotations

import pytest

from docker_agent.agent.model import Message, Model, Request, Text, TextDelta, ToolUse, Turn, Usage
from docker_agent.agent.scripted import ScriptedModel
from docker_agent.core.errors import ModelFailed


def ask(words: str) -> Request:
    return Request("", (), (Message("user", (Text(words),)),))


def test_turns_come_in_order_with_their_text_first_and_requests_are_kept() -> None:
    first = Turn((Text("Looking."), ToolUse("t1", "logs", {})), "tool_use")
    second = Turn((ToolUse("t2", "logs", {}),), "tool_use")
    model = ScriptedModel([first, second])
    assert list(model.turn(ask("a"))) == [TextDelta("Looking."), first]
    assert list(model.turn(ask("b"))) == [second]
    assert model.requests == [ask("a"), ask("b")]


def test_a_function_answers_what_it_was_asked() -> None:
    def echo(request: Request) -> Turn:
        block = request.messages[-1].blocks[0]
        assert isinstance(block, Text)
        return Turn((Text(block.text.upper()),), "end_turn")

    model: Model = ScriptedModel([echo])
    assert list(model.turn(ask("why"))) == [TextDelta("WHY"), Turn((Text("WHY"),), "end_turn")]


@pytest.mark.parametrize("length", [0, 1])
def test_the_end_of_the_script_is_said(length: int) -> None:
    model = ScriptedModel([Turn((), "end_turn")] * length)
    for _ in range(length):
        list(model.turn(ask("a")))
    with pytest.raises(ModelFailed, match=f"has {length} turns and was asked for turn {length + 1}"):
        list(model.turn(ask("b")))


def test_a_script_costs_nothing() -> None:
    assert ScriptedModel([]).price(Usage(input=10**9, output=10**9)) == 0
