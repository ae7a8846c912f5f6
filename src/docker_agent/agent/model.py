"""What the loop and a model say to each other, in the shape of the Messages API but in our own frozen types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

StopReason = Literal[
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
]


@dataclass(frozen=True)
class Text:
    """Words of the person, or of the model."""

    text: str


@dataclass(frozen=True)
class ToolUse:
    """A call that the model asks for; `arguments` is what it sent, unchecked."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class ToolResult:
    """The answer to one call, as the model will read it."""

    id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True)
class Opaque:
    """A block of the model's that goes back as it came (thinking, server-side tools)."""

    data: dict[str, Any]


Block = Text | ToolUse | ToolResult | Opaque


@dataclass(frozen=True)
class Message:
    """One message: the person's (with tool results) or the model's."""

    role: Literal["user", "assistant"]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it."""

    name: str
    description: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Request:
    """Everything one turn needs; `core_tools` counts the leading tools that never change, for the prompt cache."""

    system: str
    tools: tuple[ToolSpec, ...]
    messages: tuple[Message, ...]
    max_tokens: int = 16_000
    core_tools: int = 0


@dataclass(frozen=True)
class Usage:
    """Tokens of one or more turns."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
        )

    @property
    def total(self) -> int:
        """All tokens read and written, cached ones too."""
        return self.input + self.output + self.cache_read + self.cache_write


@dataclass(frozen=True)
class TextDelta:
    """A piece of the model's text as it streams."""

    text: str


@dataclass(frozen=True)
class Retrying:
    """A turn broke in the middle and starts again; text streamed so far in this turn is void."""

    reason: str
    attempt: int
    wait_s: float


@dataclass(frozen=True)
class Turn:
    """A finished turn: the last thing a model's stream gives."""

    blocks: tuple[Block, ...]
    stop_reason: StopReason
    usage: Usage = field(default_factory=Usage)
    detail: str = ""

    @property
    def text(self) -> str:
        """The turn's words, joined."""
        return "".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def calls(self) -> tuple[ToolUse, ...]:
        """The calls that the turn asks for."""
        return tuple(block for block in self.blocks if isinstance(block, ToolUse))


ModelEvent = TextDelta | Retrying | Turn


class Model(Protocol):
    """A model: gives text pieces as they come and ends with one `Turn`.

    Raises `ModelFailed` with the service's own reason where retries did not help; other errors are bugs.
    """

    name: str
    context_tokens: int

    def turn(self, request: Request) -> Iterator[ModelEvent]:
        """Stream one turn."""
        ...

    def price(self, usage: Usage) -> float | None:
        """What these tokens cost in US dollars, None where unknown; 0 for local models."""
        ...
