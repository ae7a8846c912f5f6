"""The prefix of a conversation is read from the prompt cache on each later turn."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from tests.agent.asking import MODEL, SCHEMA, SPECS, ask, converse, credentials, run, turn_of
from tests.agent.wire import (
    Entry,
    WireFake,
    text,
    thought,
    tools,
)

from docker_agent.agent.anthropic import AnthropicModel
from docker_agent.agent.model import (
    Message,
    Opaque,
    Text,
    ToolSpec,
)

pytestmark = pytest.mark.usefixtures(credentials.__name__)


# the prompt cache


def sent_marks(fake: WireFake, place: int) -> list[str]:
    body = fake.requests[place].json
    parts = [("tool " + entry["name"], entry) for entry in body["tools"]]
    parts += [("system", entry) for entry in body["system"]]
    parts += [
        (f"message {row}.{column}", part)
        for row, message in enumerate(body["messages"])
        for column, part in enumerate(message["content"])
    ]
    return [name for name, part in parts if part.get("cache_control") == {"type": "ephemeral"}]


@pytest.mark.parametrize(
    ("core_tools", "marks"),
    [
        (0, ["tool logs", "system", "message 0.0"]),
        (2, ["tool deploy", "tool logs", "system", "message 0.0"]),
        (3, ["tool logs", "system", "message 0.0"]),
        (99, ["tool logs", "system", "message 0.0"]),
    ],
)
def test_tools_system_and_last_message_are_marked(core_tools: int, marks: list[str]) -> None:
    _, fake, _ = run([text("ok")], ask(core_tools=core_tools))
    assert sent_marks(fake, 0) == marks


@pytest.mark.parametrize("core_tools", [0, 1, 3])
@pytest.mark.parametrize("calls", [1, 5, 9, 12, 30])
def test_all_that_was_sent_before_is_read_from_the_cache(core_tools: int, calls: int) -> None:
    script: list[Entry] = [tools(*[("logs", {"target": f"web{n}"}) for n in range(calls)]) for _ in range(6)]
    fake = WireFake(script)
    with fake.client() as client:
        turns = converse(AnthropicModel(MODEL, http_client=client), ask(core_tools=core_tools), 6)
    for earlier, later in pairwise(turns):
        sent = earlier.usage.input + earlier.usage.cache_read + earlier.usage.cache_write
        assert later.usage.cache_read >= sent - 1
        assert later.usage.cache_write > 0
    assert [len(sent_marks(fake, place)) <= 4 for place in range(6)] == [True] * 6


def test_a_tool_that_is_added_leaves_the_core_in_the_cache() -> None:
    fake = WireFake([text("a"), text("b")])
    with fake.client() as client:
        model = AnthropicModel(MODEL, http_client=client)
        list(model.turn(ask(core_tools=2)))
        later = turn_of(list(model.turn(ask(core_tools=2, tools=(*SPECS[:2], ToolSpec("other", "Else.", SCHEMA))))))
    core = len("".join(json.dumps(entry) for entry in fake.requests[0].json["tools"][:2])) // 4
    assert 0.8 * core < later.usage.cache_read < 1.2 * core


def test_thinking_at_the_end_of_a_message_is_not_marked() -> None:
    history = (Message("user", (Text("q"),)), Message("assistant", (Text("a"), Opaque(thought("hm")))))
    events, fake, _ = run([text("ok")], ask(*history))
    assert turn_of(events).text == "ok"
    assert sent_marks(fake, 0)[-1] == "message 1.0"
