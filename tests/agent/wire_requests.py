"""What the fake of the Messages API makes of a request: whether the API would refuse it, what its cache would hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.agent.wire_replies import Reply, http_error

LOOKBACK = 20
MAX_BREAKPOINTS = 4


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def wire(self) -> bytes:
        lines = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        return f"{self.path}\n{lines}\n".encode() + self.body


class PromptCache:
    """The API's prompt cache: prefixes up to a breakpoint are kept, and found at most 20 blocks before a later one."""

    def __init__(self) -> None:
        self._kept: set[str] = set()

    def usage(self, body: dict[str, Any]) -> dict[str, int]:
        """The input side of the usage of a request, which then is in the cache."""
        prefix, chain = "", list[tuple[str, bool]]()
        for part in _parts(body):
            bare = {key: value for key, value in part.items() if key != "cache_control"}
            prefix += json.dumps(bare, ensure_ascii=False)
            chain.append((prefix, "cache_control" in part))
        marks = [place for place, (_, marked) in enumerate(chain) if marked]
        hits = [
            len(chain[place][0])
            for mark in marks
            for place in range(max(0, mark - LOOKBACK), mark + 1)
            if chain[place][0] in self._kept
        ]
        self._kept |= {chain[mark][0] for mark in marks}
        whole = len(prefix) // 4
        read = max(hits, default=0) // 4
        marked = len(chain[marks[-1]][0]) // 4 if marks else 0
        return {
            "input_tokens": whole - max(marked, read),
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": max(0, marked - read),
        }


def _parts(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Tools, system and message blocks in the order in which the API reads them."""
    yield from body.get("tools", [])
    yield from body.get("system", [])
    for message in body["messages"]:
        for part in message["content"]:
            yield {"role": message["role"], **part}


def refuse(request: Seen) -> Reply | None:
    """What the API refuses before it asks a model: no key, wrong path, or a body that breaks its rules."""
    if not request.path.startswith("/v1/messages"):
        return http_error(404, "not_found_error", "Not found")
    if not (request.headers.get("authorization") or request.headers.get("x-api-key")):
        return http_error(401, "authentication_error", "no credential")
    wrong = next(_faults_of(request.json), "")
    return http_error(400, "invalid_request_error", wrong) if wrong else None


def _faults_of(body: dict[str, Any]) -> Iterator[str]:
    messages: list[dict[str, Any]] = body["messages"]
    no_more: dict[str, Any] = {"content": []}
    parts = list(_parts(body))
    if not body.get("stream") or not body.get("max_tokens"):
        yield "stream and max_tokens: required"
    if sum("cache_control" in part for part in parts) > MAX_BREAKPOINTS:
        yield f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided."
    if any("cache_control" in part and part.get("type") in {"thinking", "redacted_thinking"} for part in parts):
        yield "cache_control cannot be set on thinking blocks"
    if any(part.get("type") == "text" and not part["text"].strip() for part in parts):
        yield "text content blocks must be non-empty"
    if not messages or messages[0]["role"] != "user" or any(not message["content"] for message in messages):
        yield "messages: the first must be the user's and none may be empty"
    names = [entry["name"] for entry in body.get("tools", [])]
    if len(set(names)) < len(names) or not all(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", name) for name in names):
        yield "tools: names must be unique and of letters, digits, _ and -"
    for message, following in zip(messages, [*messages[1:], no_more], strict=True):
        asked = {part["id"] for part in message["content"] if part.get("type") == "tool_use"}
        answered = {part["tool_use_id"] for part in following["content"] if part.get("type") == "tool_result"}
        if asked != answered:
            yield "tool_use ids and the tool_result blocks of the next message must match"
