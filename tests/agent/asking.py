"""A request to ask with, and the ways to run it against the fake of the Messages API."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.agent.wire import (
    Entry,
    WireFake,
)

from docker_agent.agent.anthropic import AnthropicModel
from docker_agent.agent.model import (
    Message,
    ModelEvent,
    Request,
    Text,
    ToolResult,
    ToolSpec,
    Turn,
)
from docker_agent.core.errors import ModelFailed

MODEL = "claude-sonnet-5-5"
KEY = "sk-test-0123456789abcdef"
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"target": {"type": "string"}}, "required": []}
SPECS = tuple(ToolSpec(name, f"Does {name}. " * 20, SCHEMA) for name in ("diagnose", "deploy", "logs"))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("HOME", str(tmp_path))


def ask(*messages: Message, **changes: Any) -> Request:
    said = messages or (Message("user", (Text("Why is web down?"),)),)
    plain = Request("You look after Docker. " * 40, SPECS, said)
    return replace(plain, **changes)


def run(script: list[Entry], request: Request | None = None) -> tuple[list[ModelEvent], WireFake, list[float]]:
    fake, waits = WireFake(script), list[float]()
    with fake.client() as client:
        events = list(AnthropicModel(MODEL, http_client=client, sleep=waits.append).turn(request or ask()))
    return events, fake, waits


def turn_of(events: list[ModelEvent]) -> Turn:
    last = events[-1]
    assert isinstance(last, Turn)
    assert not any(isinstance(event, Turn) for event in events[:-1])
    return last


def fail(script: list[Entry], request: Request | None = None) -> tuple[ModelFailed, WireFake, list[float]]:
    fake, waits = WireFake(script), list[float]()
    with fake.client() as client, pytest.raises(ModelFailed) as caught:
        list(AnthropicModel(MODEL, http_client=client, sleep=waits.append).turn(request or ask()))
    return caught.value, fake, waits


def converse(model: AnthropicModel, request: Request, turns: int) -> list[Turn]:
    """Answer each call of each turn and go on, as the loop does."""
    done: list[Turn] = []
    for _ in range(turns):
        turn = turn_of(list(model.turn(request)))
        done.append(turn)
        answers = tuple(ToolResult(use.id, f"result of {use.name} " * 20) for use in turn.calls)
        follow = answers or (Text("go on"),)
        messages = (*request.messages, Message("assistant", turn.blocks), Message("user", follow))
        request = Request(request.system, request.tools, messages, request.max_tokens, request.core_tools)
    return done
