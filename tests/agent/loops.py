"""A loop over a scripted model, and a door that notes who goes in and out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.doors import TOOLS

from docker_agent.agent.loop import Event, Finished, Loop
from docker_agent.agent.model import (
    Model,
    Request,
    StopReason,
    Text,
    ToolResult,
    ToolUse,
    Turn,
    Usage,
)
from docker_agent.agent.scripted import ScriptedModel
from docker_agent.core.tool import Tool
from docker_agent.policy.budget import Budget

LOOK, BEGIN = "test_look", "test_begin"


@dataclass(frozen=True)
class Said:
    """An outcome."""

    text: str
    is_error: bool = False


@dataclass
class Hall:
    """A door that notes who goes in and out."""

    inside: int = 0
    most: int = 0
    went: list[str] = field(default_factory=list[str])
    lock: threading.Lock = field(default_factory=threading.Lock)
    act: Callable[[str], None] = lambda _words: None

    def __call__(self, name: str, arguments: dict[str, Any]) -> Said:
        words = str(arguments.get("words") or arguments.get("name"))
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.went.append(f"{name.removeprefix('test_')} {words}")
            assert name == LOOK or self.inside == 1
        try:
            self.act(words)
        finally:
            with self.lock:
                self.inside -= 1
        return Said(f"saw {words}")


def looking(*words: str) -> tuple[ToolUse, ...]:
    return tuple(ToolUse(f"id-{word}", LOOK, {"words": word}) for word in words)


def beginning(*names: str) -> tuple[ToolUse, ...]:
    return tuple(ToolUse(f"id-{name}", BEGIN, {"name": name}) for name in names)


def calling(*calls: ToolUse, usage: Usage = Usage()) -> Turn:  # noqa: B008
    return Turn(calls, "tool_use", usage)


def saying(text: str, reason: StopReason = "end_turn") -> Turn:
    return Turn((Text(text),), reason)


def make(
    turns: Sequence[Turn | Callable[[Request], Turn]] | Model,
    door: Callable[[str, dict[str, Any]], Any] | None = None,
    *,
    budget: Budget | None = None,
    tools: Sequence[Tool] = tuple(TOOLS.values()),
    redact: Callable[[str], str] = str,
) -> Loop:
    model = ScriptedModel(turns) if isinstance(turns, Sequence) else turns
    return Loop(model, door or Hall(), lambda: list(tools), len(tools), "system", budget or Budget(), redact)


def requests(loop: Loop) -> list[Request]:
    assert isinstance(loop.model, ScriptedModel)
    return loop.model.requests


def results(loop: Loop) -> list[tuple[str, str, bool]]:
    blocks = (block for message in loop.transcript.messages for block in message.blocks)
    return [(block.id, block.text, block.is_error) for block in blocks if isinstance(block, ToolResult)]


def end(events: Sequence[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last
