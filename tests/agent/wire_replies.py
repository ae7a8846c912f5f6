"""What the fake of the Messages API can answer, and how an answer looks on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Fault = Literal["", "error", "drop", "stall", "eof"]


@dataclass(frozen=True)
class Reply:
    """One answer: blocks and a stop reason, an HTTP error (`status`), or a stream that breaks (`fault`).

    A block with the key `raw_json` is a call whose argument text is exactly that; one of the type `raw_event` is an
    event (`event`, `data`) put into the stream as it is.
    """

    blocks: tuple[dict[str, Any], ...] = ()
    stop_reason: str = "end_turn"
    stop_details: dict[str, Any] | None = None
    status: int = 200
    error: dict[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    fault: Fault = ""


Entry = Reply | Callable[[dict[str, Any]], Reply]


def say(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(name: str, arguments: dict[str, Any], call_id: str = "") -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def thought(words: str, signature: str = "c2lnbmF0dXJl") -> dict[str, Any]:
    return {"type": "thinking", "thinking": words, "signature": signature}


def blocks(*parts: dict[str, Any], stop_reason: str = "end_turn") -> Reply:
    return Reply(parts, stop_reason)


def text(words: str, stop_reason: str = "end_turn") -> Reply:
    return Reply((say(words),), stop_reason)


def tool(name: str, arguments: dict[str, Any], words: str = "") -> Reply:
    return Reply((*([say(words)] if words else []), call(name, arguments)), "tool_use")


def tools(*calls: tuple[str, dict[str, Any]]) -> Reply:
    return Reply(tuple(call(name, arguments) for name, arguments in calls), "tool_use")


def raw_tool(name: str, argument_text: str, stop_reason: str = "tool_use") -> Reply:
    """A call with exactly this text as its arguments: bad JSON, or cut short by `max_tokens`."""
    return Reply(({"type": "tool_use", "id": "", "name": name, "input": {}, "raw_json": argument_text},), stop_reason)


def refusal(category: str | None = None) -> Reply:
    return Reply((), "refusal", {"type": "refusal", "category": category, "explanation": None})


def http_error(status: int, kind: str, message: str = "no", *, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status=status, error={"type": kind, "message": message}, headers=headers or {})


def rate_limited(retry_after: str = "") -> Reply:
    headers = {"retry-after": retry_after} if retry_after else {}
    return http_error(429, "rate_limit_error", "too many requests", headers=headers)


def overloaded() -> Reply:
    return http_error(529, "overloaded_error", "Overloaded")


def breaks(words: str, fault: Fault, kind: str = "overloaded_error", message: str = "Overloaded") -> Reply:
    """A stream that breaks after some words: an `error` event, a dropped connection, a stall or a clean early end."""
    return Reply((say(words),), fault=fault, error={"type": kind, "message": message})


def events(reply: Reply, usage: Mapping[str, int]) -> Iterator[bytes]:
    """The events of a reply as bytes, up to its fault, if it has one."""
    start = {**usage, "output_tokens": 1}
    message: dict[str, Any] = {"id": "msg_01", "type": "message", "role": "assistant", "model": "fake", "content": []}
    yield _event("message_start", message={**message, "stop_reason": None, "stop_sequence": None, "usage": start})
    yield _event("ping")
    written, index = 0, -1
    for part in reply.blocks:
        if part["type"] == "raw_event":
            yield f"event: {part['event']}\ndata: {json.dumps(part['data'])}\n\n".encode()
            continue
        index += 1
        head, deltas = _deltas(part)
        yield _event("content_block_start", index=index, content_block=head)
        for delta in deltas:
            written += len(json.dumps(delta)) // 4
            yield _event("content_block_delta", index=index, delta=delta)
        if not reply.fault:
            yield _event("content_block_stop", index=index)
    if reply.fault == "error":
        yield _event("error", error=reply.error)
    if reply.fault:
        return
    end: dict[str, Any] = {"stop_reason": reply.stop_reason, "stop_sequence": None}
    if reply.stop_details:
        end["stop_details"] = reply.stop_details
    yield _event("message_delta", delta=end, usage={"output_tokens": max(1, written)})
    yield _event("message_stop")


def _event(name: str, **data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data}, ensure_ascii=False)}\n\n".encode()


def _deltas(part: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The block as it starts, and the deltas that complete it."""
    match part["type"]:
        case "text":
            return say(""), [{"type": "text_delta", "text": piece} for piece in _pieces(part["text"])]
        case "tool_use" | "server_tool_use":
            whole = part["raw_json"] if "raw_json" in part else json.dumps(part["input"])
            head: dict[str, Any] = {**part, "input": {}}
            head.pop("raw_json", None)
            return head, [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *_pieces(whole)]]
        case "thinking":
            words = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(part["thinking"])]
            return thought("", ""), [*words, {"type": "signature_delta", "signature": part["signature"]}]
        case _:
            return part, []


def _pieces(words: str) -> list[str]:
    size = max(1, len(words) // 3)
    return [words[place : place + size] for place in range(0, len(words), size)]


def with_id(part: dict[str, Any], call_id: str) -> dict[str, Any]:
    return {**part, "id": call_id} if part.get("type") == "tool_use" and not part["id"] else part


def headers_of(reply: Reply) -> dict[str, str]:
    streams = reply.status == 200 and not reply.body
    kind = "text/event-stream; charset=utf-8" if streams else "application/json"
    return {"content-type": kind, "request-id": "req_01", **reply.headers}


def body_of(reply: Reply) -> bytes:
    return reply.body or json.dumps({"type": "error", "error": reply.error, "request_id": "req_01"}).encode()
