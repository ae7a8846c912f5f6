"""What the Messages API asks of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from docker_agent.agent.model import Message, ToolResult, ToolUse


def check(messages: Sequence[Message]) -> None:
    """What the API asks for: a user first, each call answered right after it, no answer without its call."""
    assert messages[0].role == "user"
    for message in messages:
        assert message.blocks
        wrong = ToolResult if message.role == "assistant" else ToolUse
        assert not any(isinstance(block, wrong) for block in message.blocks)
    for before, after in pairwise([Message("user", ()), *messages, Message("user", ())]):
        asked = [block.id for block in before.blocks if isinstance(block, ToolUse)]
        answered = [block.id for block in after.blocks if isinstance(block, ToolResult)]
        assert asked == answered
        assert not answered or isinstance(after.blocks[0], ToolResult)
        assert (before.role, after.role) != ("user", "user") or not before.blocks or not after.blocks
