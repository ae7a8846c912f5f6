"""The model behind the Messages API, through the real SDK against a fake that is true on the wire."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from typing import Any, cast

import httpx2
import pytest
from tests.agent.asking import KEY, MODEL, SCHEMA, ask, converse, credentials, run, turn_of
from tests.agent.wire import (
    Reply,
    WireFake,
    blocks,
    breaks,
    call,
    overloaded,
    raw_tool,
    refusal,
    say,
    text,
    thought,
    tool,
)

from docker_agent.agent.anthropic import AnthropicModel
from docker_agent.agent.model import (
    Message,
    ModelEvent,
    Opaque,
    Retrying,
    Text,
    TextDelta,
    ToolResult,
    ToolUse,
    Usage,
)

pytestmark = pytest.mark.usefixtures(credentials.__name__)


# the plain way


def test_text_streams_in_pieces_and_ends_with_the_turn() -> None:
    events, fake, _ = run([text("Der Port ist belegt: 8080 → web 🐳")])
    turn = turn_of(events)
    pieces = [event.text for event in events if isinstance(event, TextDelta)]
    assert len(pieces) >= 3
    assert "".join(pieces) == turn.text == "Der Port ist belegt: 8080 → web 🐳"
    assert turn.stop_reason == "end_turn"
    assert turn.usage.output > 0
    assert turn.usage.cache_write == fake.usages[0]["cache_creation_input_tokens"] > 0


def test_calls_come_with_their_arguments_and_ids() -> None:
    arguments = {"target": "web", "deep": {"list": [1, 2.5, None, True], "name": "ä\n\"'"}}
    turn = turn_of(
        run([Reply((say("Looking."), call("diagnose", arguments, "toolu_a"), call("logs", {})), "tool_use")])[0]
    )
    assert turn.stop_reason == "tool_use"
    assert turn.blocks[:2] == (Text("Looking."), ToolUse("toolu_a", "diagnose", arguments))
    assert [(use.name, use.arguments) for use in turn.calls] == [("diagnose", arguments), ("logs", {})]


def test_the_request_carries_everything_and_no_more() -> None:
    history = (
        Message("user", (Text("hi"),)),
        Message("assistant", (Text("Looking."), ToolUse("t1", "logs", {"target": "web"}))),
        Message("user", (ToolResult("t1", "boom", is_error=True), Text("and now?"))),
    )
    _, fake, _ = run([text("ok")], ask(*history, max_tokens=77))
    body = fake.requests[0].json
    assert body["model"] == MODEL
    assert body["max_tokens"] == 77
    assert body["stream"] is True
    assert sorted(body) == ["max_tokens", "messages", "model", "stream", "system", "tools"]
    assert [entry["name"] for entry in body["tools"]] == ["diagnose", "deploy", "logs"]
    assert body["tools"][0]["input_schema"] == SCHEMA
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"][1] == {
        "type": "tool_use",
        "id": "t1",
        "name": "logs",
        "input": {"target": "web"},
    }
    result = body["messages"][2]["content"][0]
    assert (result["tool_use_id"], result["content"], result["is_error"]) == ("t1", "boom", True)


def test_no_tools_and_no_system_are_left_out() -> None:
    _, fake, _ = run([text("ok")], ask(system="", tools=()))
    assert sorted(fake.requests[0].json) == ["max_tokens", "messages", "model", "stream"]


def test_empty_text_and_empty_messages_are_not_sent() -> None:
    history = (
        Message("user", (Text("hi"), Text("  \n"))),
        Message("assistant", ()),
        Message("assistant", (Text(""),)),
        Message("user", (Text("again"),)),
    )
    events, fake, _ = run([text("ok")], ask(*history))
    assert turn_of(events).text == "ok"
    assert [len(message["content"]) for message in fake.requests[0].json["messages"]] == [1, 1]


def test_characters_that_utf8_cannot_carry_do_not_stop_a_turn() -> None:
    history = (
        Message("user", (Text("file \udcff"),)),
        Message("assistant", (ToolUse("t", "logs", {"target": "\ud800"}),)),
        Message("user", (ToolResult("t", "a\udcfeb"),)),
    )
    events, fake, _ = run([text("ok")], ask(*history))
    assert turn_of(events).text == "ok"
    assert fake.requests[0].json["messages"][0]["content"][0]["text"] == "file ?"


def test_thinking_and_server_blocks_go_back_as_they_came() -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "docker"}}
    secret_thought = {"type": "redacted_thinking", "data": "ZGF0YQ=="}
    parts = (thought("hm, the port", "c2ln"), secret_thought, search, say("It is the port."))
    fake = WireFake([blocks(*parts), text("ok")])
    with fake.client() as client:
        model = AnthropicModel(MODEL, http_client=client)
        first = turn_of(list(model.turn(ask())))
        list(
            model.turn(
                ask(Message("user", (Text("q"),)), Message("assistant", first.blocks), Message("user", (Text("so?"),)))
            )
        )
    assert [type(block) for block in first.blocks] == [Opaque, Opaque, Opaque, Text]
    assert fake.requests[1].json["messages"][1]["content"] == list(parts)


def test_blocks_and_events_of_the_future_do_no_harm() -> None:
    hologram = {"type": "hologram", "shape": {"sides": 6}}
    odd = [
        {"type": "raw_event", "event": "weather", "data": {"type": "weather", "sky": "grey"}},
        {"type": "raw_event", "event": "nameless", "data": {"no": "type"}},
    ]
    turn = turn_of(run([blocks(*odd, say("still here"), hologram, say("and here"))])[0])
    assert turn.blocks == (Text("still here"), Opaque(hologram), Text("and here"))


# stop reasons


@pytest.mark.parametrize(
    "reason", ["end_turn", "max_tokens", "stop_sequence", "pause_turn", "model_context_window_exceeded"]
)
def test_stop_reasons_are_handed_on(reason: str) -> None:
    turn = turn_of(run([text("so far", reason)])[0])
    assert (turn.stop_reason, turn.text, turn.detail) == (reason, "so far", "")


def test_a_paused_turn_can_be_sent_back_as_it_is() -> None:
    history = (Message("user", (Text("q"),)), Message("assistant", (Text("half"),)))
    events, fake, _ = run([text("the rest")], ask(*history))
    assert turn_of(events).text == "the rest"
    assert "cache_control" in fake.requests[0].json["messages"][1]["content"][0]


@pytest.mark.parametrize(("category", "detail"), [("cyber", "cyber"), (None, "")])
def test_a_refusal_is_a_turn_with_its_category(category: str | None, detail: str) -> None:
    turn = turn_of(run([refusal(category)])[0])
    assert (turn.stop_reason, turn.detail, turn.blocks) == ("refusal", detail, ())


def test_a_reason_of_the_future_ends_the_turn_and_is_named() -> None:
    turn = turn_of(run([text("x", "budget_reached")])[0])
    assert (turn.stop_reason, turn.detail) == ("end_turn", "budget_reached")


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
@pytest.mark.parametrize("argument_text", ['{"target": "we', '{"target"', "{", ""])
def test_a_call_that_was_cut_short_is_dropped(reason: str, argument_text: str) -> None:
    cut = raw_tool("deploy", argument_text, reason).blocks[0]
    turn = turn_of(run([blocks(say("I will"), call("logs", {"target": "a"}), cut, stop_reason=reason)])[0])
    assert turn.stop_reason == reason
    assert [use.name for use in turn.calls] == ["logs"]
    assert turn.text == "I will"


def test_a_call_without_arguments_is_whole() -> None:
    assert turn_of(run([raw_tool("logs", "")])[0]).calls[0].arguments == {}


# over a real socket


def test_a_whole_conversation_over_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = WireFake([tool("logs", {"target": "web"}, "Looking."), text("It is the port.")])
    with fake.serve() as url:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
        with closing(AnthropicModel(MODEL)) as model:
            turns = converse(model, ask(), 2)
    assert [turn.stop_reason for turn in turns] == ["tool_use", "end_turn"]
    assert turns[1].usage.cache_read > 0
    assert fake.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_closing_the_model_closes_its_own_connections_and_it_can_be_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with WireFake([text("one"), text("two")]).serve() as url, httpx2.Client() as handed_in:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
        with closing(AnthropicModel(MODEL)) as model:
            assert turn_of(list(model.turn(ask()))).text == "one"
            model.close()
            assert turn_of(list(model.turn(ask()))).text == "two"
        AnthropicModel(MODEL, http_client=handed_in).close()
        assert not handed_in.is_closed


def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with WireFake([text("hi")]).serve() as url, closing(AnthropicModel("qwen3", base_url=url)) as model:
        assert turn_of(list(model.turn(ask()))).text == "hi"


@pytest.mark.parametrize(
    ("fault", "words"), [("drop", "connection"), ("stall", "stopped sending"), ("eof", "complete")]
)
def test_a_socket_that_breaks_is_tried_again(fault: Any, words: str) -> None:
    fake = WireFake([breaks("half", fault), text("whole")])
    with fake.serve() as url, httpx2.Client(timeout=0.4) as client:
        model = AnthropicModel(MODEL, base_url=url, http_client=client, sleep=lambda _: None)
        events = list(model.turn(ask()))
    retries = [event for event in events if isinstance(event, Retrying)]
    assert len(retries) == 1
    assert words in retries[0].reason
    assert turn_of(events).text == "whole"


def test_closing_the_turn_closes_the_stream() -> None:
    fake = WireFake([text("many words that nobody reads")])
    with fake.client() as client:
        stream = cast("Generator[ModelEvent]", AnthropicModel(MODEL, http_client=client).turn(ask()))
        assert isinstance(next(stream), TextDelta)
        assert fake.closed_early == 0
        stream.close()
        assert fake.closed_early == 1


def test_a_break_of_the_person_during_the_wait_ends_the_turn() -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    fake = WireFake([overloaded(), text("ok")])
    with fake.client() as client, pytest.raises(KeyboardInterrupt):
        list(AnthropicModel(MODEL, http_client=client, sleep=interrupt).turn(ask()))
    assert len(fake.requests) == 1


# what it costs


ONE_OF_EACH = Usage(input=1_000_000, output=1_000_000, cache_read=1_000_000, cache_write=1_000_000)


@pytest.mark.parametrize(
    ("name", "dollars"),
    [
        ("claude-sonnet-5-5", 2 + 10 + 0.1 + 2.5),
        ("claude-opus-5-5", 4 + 20 + 0.2 + 5),
        ("claude-opus-5", 5 + 25 + 0.5 + 6.25),
        ("claude-haiku-4-5-20251001", 1 + 5 + 0.1 + 1.25),
        ("claude-haiku-5-5", 0.5 + 2.5 + 0.05 + 0.625),
    ],
)
def test_prices_of_known_models(name: str, dollars: float) -> None:
    assert AnthropicModel(name).price(ONE_OF_EACH) == pytest.approx(dollars)


def test_the_price_of_a_short_prompt_where_long_ones_are_dearer() -> None:
    model = AnthropicModel("claude-haiku-5-5")
    assert model.price(Usage(input=60_000, cache_read=40_000)) == pytest.approx(0.006 + 0.0004)
    assert model.price(Usage(input=60_000, cache_read=40_001)) == pytest.approx(0.03 + 0.00200005)


@pytest.mark.parametrize(
    ("name", "url", "price"),
    [
        ("model-of-the-future", "", None),
        ("qwen3", "https://gateway.example", None),
        ("qwen3", "http://localhost:11434", 0.0),
        ("qwen3", "http://127.0.0.1:8000", 0.0),
        ("qwen3", "http://[::1]:8000", 0.0),
    ],
)
def test_prices_of_models_that_no_list_names(name: str, url: str, price: float | None) -> None:
    assert AnthropicModel(name, base_url=url).price(ONE_OF_EACH) == price


def test_context_by_model() -> None:
    names = ["claude-sonnet-5-5", "claude-haiku-4-5", "model-of-the-future"]
    assert [AnthropicModel(name).context_tokens for name in names] == [1_000_000, 200_000, 200_000]


def test_the_sdk_is_not_imported_before_the_first_turn() -> None:
    code = (
        "import sys; from docker_agent.agent.anthropic import AnthropicModel; AnthropicModel('x');"
        "print([name for name in ('anthropic', 'httpx2') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout == "[]\n"
