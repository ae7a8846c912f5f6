"""A request in the form that the Messages API takes, with the marks that let its prefix be read from the cache."""

from __future__ import annotations

import json
from typing import Any

from docker_agent.agent.model import Block, Message, Opaque, Request, Text, ToolResult, ToolUse

MAX_BREAKPOINTS = 4
LOOKBACK = 20


def build(model: str, request: Request) -> dict[str, Any]:
    """The body of one call, the same bytes from turn to turn for what did not change.

    Blocks and messages that say nothing are left out, as the API refuses them, and characters that UTF-8 cannot carry
    (lone surrogates, as in odd file names) become question marks.
    """
    tools = [
        {"name": tool.name, "description": tool.description, "input_schema": tool.schema} for tool in request.tools
    ]
    system = [{"type": "text", "text": request.system}] if request.system.strip() else []
    messages = [message for message in map(_message, request.messages) if message["content"]]
    for block in _breakpoints(system, tools, messages, request.core_tools):
        block["cache_control"] = {"type": "ephemeral"}
    body: dict[str, Any] = {"model": model, "max_tokens": request.max_tokens, "messages": messages}
    if system:
        body["system"] = system
    if tools:
        body["tools"] = tools
    return json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))


def _message(message: Message) -> dict[str, Any]:
    shown = [block for block in message.blocks if not (isinstance(block, Text) and not block.text.strip())]
    return {"role": message.role, "content": [_block(block) for block in shown]}


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case ToolUse(id, name, arguments):
            return {"type": "tool_use", "id": id, "name": name, "input": arguments}
        case ToolResult(id, text, is_error):
            return {"type": "tool_result", "tool_use_id": id, "content": text, "is_error": is_error}
        case Opaque(data):
            return dict(data)


def _breakpoints(
    system: list[dict[str, Any]], tools: list[dict[str, Any]], messages: list[dict[str, Any]], core_tools: int
) -> list[dict[str, Any]]:
    """The blocks to mark, at most four: system, core tools, last message, then the last tool and the call before.

    A mark only finds an entry at most 20 blocks before it, so after a long exchange (many calls in one turn) the place
    that the call before marked is worth more than the last tool, which the system's mark covers as well.
    """
    history = [block for message in messages for block in message["content"]]
    replies = [place for place, message in enumerate(messages) if message["role"] == "assistant"]
    earlier = [block for message in messages[: replies[-1] if replies else 0] for block in message["content"]]
    core = tools[: core_tools or len(tools)][-1:]
    before = _last_markable(earlier)
    is_far = len(history) - len(earlier) >= LOOKBACK - 1
    rest = [*before, *tools[-1:]] if is_far else [*tools[-1:], *before]
    marks: list[dict[str, Any]] = []
    for block in [*system, *core, *_last_markable(history), *rest]:
        if not any(block is mark for mark in marks):
            marks.append(block)
    return marks[:MAX_BREAKPOINTS]


def _last_markable(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for block in blocks if block.get("type") in {"text", "tool_use", "tool_result"}][-1:]
