"""What the model behind the Messages API does when the service, the network or the key fails."""

from __future__ import annotations

import json
import socket
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.agent.asking import KEY, MODEL, ask, credentials, fail, run, turn_of
from tests.agent.wire import (
    Entry,
    Reply,
    WireFake,
    blocks,
    breaks,
    http_error,
    overloaded,
    rate_limited,
    raw_tool,
    text,
)

from docker_agent.agent.anthropic import AnthropicModel
from docker_agent.agent.model import (
    Message,
    Retrying,
    Text,
)
from docker_agent.core.errors import ModelFailed

pytestmark = pytest.mark.usefixtures(credentials.__name__)


# streams that break


BROKEN: list[tuple[Entry, str]] = [
    (breaks("half an ans", "error"), "overloaded"),
    (breaks("half an ans", "error", "api_error", "Internal"), "500"),
    (breaks("half an ans", "error", "rate_limit_error", "slow down"), "rate limit"),
    (breaks("half an ans", "error", "error_of_the_future", "?"), "500"),
    (breaks("half an ans", "drop"), "connection"),
    (breaks("half an ans", "stall"), "stopped sending"),
    (breaks("half an ans", "eof"), "before it was complete"),
    (Reply(fault="eof"), "before it was complete"),
    (raw_tool("deploy", '{"target": web}'), "could not be read"),
    (raw_tool("deploy", '{"target": "we'), "not a JSON object"),
    (raw_tool("deploy", '["web"]'), "not a JSON object"),
    (raw_tool("deploy", '"web"'), "could not be read"),
    (raw_tool("deploy", '{"n": NaN}'), "not"),
    (blocks({"type": "raw_event", "event": "content_block_delta", "data": {"type": "content_block_delta", "index": 7,
             "delta": {"type": "text_delta", "text": "x"}}}), "could not be read"),
    (blocks({"type": "raw_event", "event": "content_block_delta", "data": []}), "could not be read"),
    (overloaded(), "overloaded"),
    (rate_limited(), "rate limit"),
    (http_error(500, "api_error"), "500"),
    (http_error(503, "api_error"), "503"),
    (http_error(408, "timeout_error"), "too long"),
    (http_error(409, "conflict_error"), "409"),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "words"), BROKEN)
def test_a_turn_that_breaks_starts_again(broken: Entry, words: str) -> None:
    events, fake, waits = run([broken, text("whole")])
    retries = [event for event in events if isinstance(event, Retrying)]
    assert [retry.attempt for retry in retries] == [2]
    assert words in retries[0].reason
    assert [retry.wait_s for retry in retries] == waits
    assert turn_of(events).text == "whole"
    assert len(fake.requests) == 2
    assert fake.requests[0].body == fake.requests[1].body


@pytest.mark.parametrize(("broken", "words"), BROKEN)
def test_after_four_attempts_it_fails_with_a_next_step(broken: Entry, words: str) -> None:
    error, fake, waits = fail([broken] * 9)
    assert words in error.message
    assert "after 4 attempts" in error.message
    assert error.next_step
    assert len(fake.requests) == 4
    assert len(waits) == 3
    assert [longest * 0.75 <= wait <= longest for wait, longest in zip(waits, (2, 4, 8), strict=True)] == [True] * 3


def test_the_wait_that_the_service_asks_for_is_kept() -> None:
    assert run([rate_limited("17"), text("ok")])[2] == [17.0]
    assert run([http_error(529, "overloaded_error", headers={"retry-after-ms": "2500"}), text("ok")])[2] == [2.5]


def test_a_date_to_wait_for_in_the_past_means_now() -> None:
    assert run([rate_limited("Wed, 21 Oct 2015 07:28:00 GMT"), text("ok")])[2] == [0.0]


@pytest.mark.parametrize("nonsense", ["soon", "-5", "nan"])
def test_a_wait_that_makes_no_sense_is_not_kept(nonsense: str) -> None:
    waits = run([rate_limited(nonsense), text("ok")])[2]
    assert len(waits) == 1
    assert 1.5 <= waits[0] <= 2


@pytest.mark.parametrize("long", ["61", "86400", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_wait_of_more_than_a_minute_is_left_to_the_person(long: str) -> None:
    error, fake, waits = fail([rate_limited(long), text("ok")])
    assert (len(fake.requests), waits) == (1, [])
    assert "rate limit" in error.message
    assert "try again in" in error.next_step


def test_a_service_that_says_do_not_retry_is_obeyed() -> None:
    reply = http_error(429, "rate_limit_error", "spend limit", headers={"x-should-retry": "false"})
    error, fake, _ = fail([reply, text("ok")])
    assert len(fake.requests) == 1
    assert "spend limit" in error.message


def test_an_error_in_the_stream_that_no_retry_mends_fails_at_once() -> None:
    error, fake, _ = fail([breaks("half", "error", "invalid_request_error", "image too big"), text("ok")])
    assert len(fake.requests) == 1
    assert "image too big" in error.message


# refused


@pytest.mark.parametrize(
    ("reply", "reason", "next_step"),
    [
        (http_error(400, "invalid_request_error", "prompt is too long: 9 > 8"), "too long: 9 > 8", "--model"),
        (http_error(401, "authentication_error"), "key", "ANTHROPIC_API_KEY"),
        (http_error(402, "billing_error"), "payment", "credit"),
        (http_error(403, "permission_error"), MODEL, "--model"),
        (http_error(404, "not_found_error", "model: x"), MODEL, "--model"),
        (http_error(413, "request_too_large"), "larger", "Start a new"),
        (http_error(422, "invalid_request_error"), "refused", "--model"),
        (http_error(418, "teapot"), "418", "ANTHROPIC_BASE_URL"),
    ],
)
def test_what_no_retry_mends_fails_at_once_with_cause_and_next_step(reply: Reply, reason: str, next_step: str) -> None:
    error, fake, waits = fail([reply, text("ok")])
    assert reason in error.message
    assert next_step in error.next_step
    assert (error.exit_code, len(fake.requests), waits) == (5, 1, [])


@pytest.mark.parametrize("body", [b"<html>404 nginx</html>", b"", b"[]", b'{"error": "boom"}', b"\xff\xfe"])
def test_errors_of_servers_that_are_not_the_api_are_read_too(body: bytes) -> None:
    error, _, _ = fail([Reply(status=404, body=body or b" ")])
    assert MODEL in error.message


def test_a_page_instead_of_a_stream_says_what_is_wrong() -> None:
    error, fake, _ = fail([Reply(body=b"<html>It works!</html>", headers={"content-type": "text/html"})])
    assert "does not answer as the Messages API" in error.message
    assert "ANTHROPIC_BASE_URL" in error.next_step
    assert len(fake.requests) == 1


def test_no_credential_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    error, fake, _ = fail([text("ok")])
    assert "no key" in error.message
    assert "ANTHROPIC_API_KEY" in error.next_step
    assert "--model offline" in error.next_step
    assert fake.requests == []


def test_a_broken_profile_is_a_credential_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_PROFILE", "ghost")
    error, _, _ = fail([text("ok")])
    assert "credentials" in error.message
    assert "ANTHROPIC_PROFILE" in error.next_step


def test_a_profile_whose_token_was_refused_is_asked_for_a_new_one_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tokens = tmp_path / "credentials" / "default.json"

    def rotate(token: str) -> None:
        tokens.write_text(json.dumps({"access_token": token}))
        tokens.chmod(0o600)

    def refuse(_: dict[str, Any]) -> Reply:
        rotate("second-token")
        return http_error(401, "authentication_error", "expired")

    for folder in ("configs", "credentials"):
        (tmp_path / folder).mkdir()
    (tmp_path / "configs" / "default.json").write_text('{"authentication": {"type": "user_oauth"}}')
    (tmp_path / "configs" / "default.json").chmod(0o600)
    rotate("first-token")
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    events, fake, waits = run([refuse, text("ok")])
    assert [seen.headers["authorization"] for seen in fake.requests] == ["Bearer first-token", "Bearer second-token"]
    assert (turn_of(events).text, waits) == ("ok", [0.0])
    error, fake, _ = fail([refuse, refuse, text("ok")])
    assert len(fake.requests) == 2
    assert "refused" in error.message


def test_a_key_that_headers_cannot_carry_is_named_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-one\nsk-two")
    waits: list[float] = []
    with (
        WireFake([text("ok")]).serve() as url,
        closing(AnthropicModel(MODEL, base_url=url, sleep=waits.append)) as model,
        pytest.raises(ModelFailed) as caught,
    ):
        list(model.turn(ask()))
    assert "line break" in caught.value.next_step
    assert "sk-" not in "".join(traceback.format_exception(caught.value))
    assert waits == []


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "http://host:notaport"])
def test_an_address_that_is_none_fails_at_once(url: str) -> None:
    waits: list[float] = []
    with pytest.raises(ModelFailed, match="ANTHROPIC_BASE_URL is not a web address"):
        list(AnthropicModel(MODEL, base_url=url, sleep=waits.append).turn(ask()))
    assert waits == []


def test_a_closed_port_is_tried_again_quickly_and_then_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    waits: list[float] = []
    with pytest.raises(ModelFailed, match=f"Nothing answers at 127.0.0.1:{port}") as caught:
        list(AnthropicModel(MODEL, base_url=f"http://127.0.0.1:{port}", sleep=waits.append).turn(ask()))
    assert len(waits) == 3
    assert sum(waits) < 4
    assert "--model offline" in caught.value.next_step


def test_a_name_that_does_not_resolve_is_named() -> None:
    with pytest.raises(ModelFailed, match=r"name of no-such-host\.invalid could not be looked up"):
        list(AnthropicModel(MODEL, base_url="http://no-such-host.invalid", sleep=lambda _: None).turn(ask()))


def test_a_connection_that_times_out_is_named() -> None:
    def slow(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectTimeout("slow", request=request)

    with httpx2.Client(transport=httpx2.MockTransport(slow)) as client, pytest.raises(ModelFailed) as caught:
        list(AnthropicModel(MODEL, http_client=client, sleep=lambda _: None).turn(ask()))
    assert "did not answer in time" in caught.value.message


# nothing leaks


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
@pytest.mark.parametrize("echo", ["key", "body", "prompt"])
def test_what_an_error_echoes_of_the_request_is_not_shown(status: int, echo: str) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        prompt = body["messages"][0]["content"][0]["text"]
        said = {"key": f"bad header: Bearer {KEY}", "body": f"input was {json.dumps(body)[:150]}", "prompt": prompt}
        return http_error(status, "invalid_request_error", said[echo])

    request = ask(Message("user", (Text("the password is hunter2hunter2"),)))
    error, _, _ = fail([answer] * 4, request)
    shown = "".join(traceback.format_exception(error))
    assert KEY not in shown
    assert "hunter2hunter2" not in shown
    assert "Docker. You look" not in shown
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize("key", ["short", "sk-" + "0123456789" * 5])
def test_a_key_that_is_short_or_cut_by_the_quote_is_not_shown(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    error, _, _ = fail([http_error(400, "invalid_request_error", "x" * 190 + key)])
    assert key[:5] not in str(error)


def test_a_long_explanation_is_cut() -> None:
    error, _, _ = fail([http_error(400, "invalid_request_error", "too long\n" * 500)])
    assert 150 < len(error.message) < 300


def test_bad_arguments_of_a_call_are_not_shown() -> None:
    error, _, _ = fail([raw_tool("deploy", '{"password": hunter2hunter2}')] * 4)
    assert "hunter2" not in "".join(traceback.format_exception(error))


def test_the_key_travels_in_the_header_only() -> None:
    _, fake, _ = run([text("ok")])
    assert fake.was_sent(KEY)
    assert KEY.encode() not in fake.requests[0].body
    assert not fake.was_sent("a secret that nobody sent")
