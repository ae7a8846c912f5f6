"""The fake of the Messages API refuses what the API refuses and does not flatter its cache."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from tests.agent.wire import WireFake, text

MARK = {"cache_control": {"type": "ephemeral"}}
HEADERS = {"authorization": "Bearer k"}


def says(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


def post(fake: WireFake, headers: dict[str, str] = HEADERS, path: str = "/v1/messages", **body: Any) -> httpx2.Response:
    whole = {"model": "m", "max_tokens": 9, "stream": True, "messages": [user(says("hi"))], **body}
    with fake.client() as client:
        return client.post(f"https://host{path}", json=whole, headers=headers)


CALL: dict[str, Any] = {"type": "tool_use", "id": "t1", "name": "logs", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "x"}


REFUSED: list[dict[str, Any]] = [
    {"max_tokens": 0},
    {"stream": False},
    {"messages": []},
    {"messages": [{"role": "assistant", "content": [says("hi")]}]},
    {"messages": [user(says(" "))]},
    {"messages": [user()]},
    {"messages": [user(*[says(str(n), **MARK) for n in range(5)])]},
    {"messages": [user({"type": "thinking", "thinking": "", "signature": "", **MARK})]},
    {"messages": [user(says("q")), {"role": "assistant", "content": [CALL]}, user(says("go on"))]},
    {"messages": [user(says("q")), {"role": "assistant", "content": [CALL]}]},
    {"messages": [user(RESULT), {"role": "assistant", "content": [says("a")]}, user(RESULT)]},
    {"tools": [{"name": "a"}, {"name": "a"}]},
    {"tools": [{"name": "a b"}]},
]


@pytest.mark.parametrize("body", REFUSED)
def test_bodies_that_the_api_refuses_are_refused(body: dict[str, Any]) -> None:
    response = post(WireFake([text("ok")]), **body)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_matched_calls_and_four_marks_are_taken() -> None:
    said = [
        user(says("q", **MARK)),
        {"role": "assistant", "content": [CALL]},
        user({**RESULT, **MARK}, says("a", **MARK)),
    ]
    assert post(WireFake([text("ok")]), messages=said, system=[says("s", **MARK)]).status_code == 200


def test_no_key_and_other_paths_are_refused() -> None:
    assert post(WireFake([text("ok")]), headers={}).status_code == 401
    assert post(WireFake([text("ok")]), path="/v1/models").status_code == 404


def test_the_end_of_the_script_is_an_error() -> None:
    assert "the script ends" in post(WireFake([])).json()["error"]["message"]


def test_the_events_come_in_order_each_with_its_name() -> None:
    lines = post(WireFake([text("abc")])).text.split("\n")
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    data = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert names == [
        "message_start", "ping", "content_block_start", "content_block_delta", "content_block_delta",
        "content_block_delta", "content_block_stop", "message_delta", "message_stop",
    ]  # fmt: skip
    assert [entry["type"] for entry in data] == names


def usages(*bodies: dict[str, Any]) -> list[dict[str, int]]:
    fake = WireFake([text("ok")] * len(bodies))
    for body in bodies:
        assert post(fake, **body).status_code == 200
    return fake.usages


LONG = "words " * 100
FAR = user(says(LONG), *[says("x")] * 20, says("y", **MARK))


def test_the_same_marked_prefix_is_read_and_what_follows_is_not() -> None:
    first, second = usages(
        {"system": [says(LONG, **MARK)], "messages": [user(says("one"))]},
        {"system": [says(LONG, **MARK)], "messages": [user(says("two"))]},
    )
    assert first["cache_read_input_tokens"] == 0
    assert second["cache_read_input_tokens"] == first["cache_creation_input_tokens"] > 150
    assert second["cache_creation_input_tokens"] == 0
    assert second["input_tokens"] == first["input_tokens"] > 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"system": [says(LONG)]}, {"system": [says(LONG)]}),
        ({"system": [says(LONG, **MARK)]}, {"system": [says(LONG + ".", **MARK)]}),
        ({"system": [says(LONG, **MARK)]}, {"system": [says(LONG, **MARK)], "tools": [{"name": "a"}]}),
        ({"system": [says(LONG, **MARK)]}, {"system": [{"text": LONG, "type": "text", **MARK}]}),
        (
            {"messages": [user(says(LONG, **MARK))]},
            {"messages": [FAR]},
        ),
    ],
    ids=["no mark", "other words", "other tools", "other bytes", "more than 20 blocks back"],
)
def test_nothing_is_read_where_the_api_would_read_nothing(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert usages(first, second)[1]["cache_read_input_tokens"] == 0


def test_an_entry_twenty_blocks_back_is_still_found() -> None:
    later = {"messages": [user(says(LONG), *[says("x")] * 19, says("y", **MARK))]}
    assert usages({"messages": [user(says(LONG, **MARK))]}, later)[1]["cache_read_input_tokens"] > 150


def test_the_socket_speaks_the_same_bytes_as_the_transport() -> None:
    fake = WireFake([text("abc"), text("abc")])
    body = {"model": "m", "max_tokens": 9, "stream": True, "messages": [user(says("hi"))]}
    with fake.serve() as url, httpx2.Client() as client:
        over_socket = client.post(f"{url}/v1/messages", json=body, headers=HEADERS)
    assert over_socket.content == post(fake).content
    assert over_socket.headers["content-type"] == "text/event-stream; charset=utf-8"
