"""Where the offline model is in its work, read from the messages alone, so that it keeps nothing between turns."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from docker_agent.agent.model import Message, Text, ToolResult, ToolUse
from docker_agent.agent.sop import RESERVED_ID
from docker_agent.agent.wording import OUTCOMES
from docker_agent.policy.taint import unfence

MAX_MENDS = 50

_CUT = "\n[... "
_FOLDED = "[earlier:"
_ID = re.compile(r"^offline-\d+-([a-z][a-z0-9_]*)-\d+$")


@dataclass(frozen=True)
class Episode:
    """One prompt and what has been done for it, read from the messages alone.

    `started` is whether the model has said something since, `cut` names the tools of which only a part was read.
    """

    number: int
    prompt: str
    earlier: tuple[str, ...]
    started: bool
    results: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    errors: dict[str, str] = field(default_factory=dict[str, str])
    opened: set[str] = field(default_factory=set[str])
    cut: list[str] = field(default_factory=list[str])


def call_id(episode: Episode, step: str, at: int) -> str:
    """The id of a step's call, from which a later turn reads what the call was for."""
    return f"offline-{episode.number}-{step}-{at}"


def read_episode(messages: Sequence[Message]) -> Episode:
    """Read the newest prompt and what was called and answered since."""
    prompts: list[str] = []
    calls: list[ToolUse] = []
    answers: dict[str, ToolResult] = {}
    started = False
    for message in messages:
        for block in message.blocks:
            if isinstance(block, ToolUse):
                calls.append(block)
            elif isinstance(block, ToolResult):
                answers[block.id] = block
            elif isinstance(block, Text) and message.role == "user" and not block.text.startswith(_FOLDED):
                prompts.append(block.text)
                calls, answers, started = [], {}, False
        said = any(isinstance(block, Text) for block in message.blocks)
        started = started or (message.role == "assistant" and said)
    episode = Episode(len(prompts), prompts[-1] if prompts else "", tuple(reversed(prompts[:-1])), started=started)
    for call in calls:
        _note_answer(episode, call, answers.get(call.id))
    return episode


def read_result(text: str) -> Any:
    """The data of a tool's answer: its JSON, as much of it as there is; `{"text": ...}` where it is none.

    The answer may be fenced as untrusted text, may be followed by a remark and may have been cut short.
    """
    bare = unfence(text).strip()
    try:
        return json.JSONDecoder().raw_decode(bare)[0]
    except (ValueError, RecursionError):
        return _mend_json(bare.split(_CUT, 1)[0])


def _note_answer(episode: Episode, call: ToolUse, answer: ToolResult | None) -> None:
    match = _ID.match(call.id)
    if match is None:
        return
    step = match[1]
    if step == RESERVED_ID:
        episode.opened.add(str(call.arguments.get("name", "")))
        return
    text = answer.text if answer else "There was no answer."
    data = read_result(text)
    status = cast("dict[str, Any]", data).get("status") if isinstance(data, dict) else ""
    if (answer is None or answer.is_error) and status not in OUTCOMES:
        reason = cast("dict[str, Any]", data).get("reason") if isinstance(data, dict) else ""
        episode.errors[step] = str(reason or unfence(text)).strip()
        data = {"error": episode.errors[step]}
    if _CUT in text:
        episode.cut.append(call.name)
    episode.results.setdefault(step, []).append(data)


def _mend_json(text: str) -> Any:
    """Read the beginning of JSON that was cut: up to the last complete value, with what is open closed."""
    ends: list[tuple[int, str]] = []
    closers: list[str] = []
    in_string = escaped = False
    for at, char in enumerate(text):
        if in_string:
            in_string = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            in_string = True
        elif char in "{[":
            closers.append("}" if char == "{" else "]")
            ends.append((at + 1, "".join(reversed(closers))))
        elif char in "}]" and closers:
            closers.pop()
            ends.append((at + 1, "".join(reversed(closers))))
        elif char == ",":
            ends.append((at, "".join(reversed(closers))))
    if text.startswith(("{", "[")):
        for end, closing in ends[: -MAX_MENDS - 1 : -1]:
            try:
                return json.loads(text[:end] + closing)
            except (ValueError, RecursionError):
                continue
    return {"text": text}
