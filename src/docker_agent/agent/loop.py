"""The loop: ask the model, run the calls it asks for through the door, until it is done; a generator of events."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from docker_agent.agent.model import (
    Block,
    Message,
    Model,
    Request,
    Retrying,
    Text,
    TextDelta,
    ToolResult,
    ToolSpec,
    ToolUse,
    Turn,
    Usage,
)
from docker_agent.agent.transcript import Transcript
from docker_agent.core.errors import ModelFailed
from docker_agent.core.plan import Risk
from docker_agent.core.tool import Tool
from docker_agent.policy.budget import Budget

COMPACT_AT = 0.75
MAX_CONTINUATIONS = 4
WORKERS = 8
CUT_OFF = "Your last message was cut off at the token limit and none of its calls was run. Go on from there, shorter."
NOT_RUN = "Not run: the person interrupted."
CUT_SHORT = "The person interrupted this call; it may be done in part. Look before you go on."


class Answer(Protocol):
    """What the loop needs of a call's outcome."""

    @property
    def text(self) -> str:
        """What the model reads."""
        ...

    @property
    def is_error(self) -> bool:
        """Whether the call failed."""
        ...


@dataclass(frozen=True)
class Calling:
    """A tool call is about to run."""

    call: ToolUse


@dataclass(frozen=True)
class Called:
    """A tool call has run; `outcome` is the door's."""

    call: ToolUse
    outcome: Any


@dataclass(frozen=True)
class Compacted:
    """The conversation was made shorter by so many tokens."""

    tokens: int


@dataclass(frozen=True)
class Finished:
    """The model is done: its last words, why it stopped, and what all its turns used."""

    text: str
    reason: str
    usage: Usage
    turns: int


Event = TextDelta | Retrying | Calling | Called | Compacted | Finished


@dataclass
class Loop:
    """One conversation with one model.

    Attributes
    ----------
    door: runs a call by name and arguments; the only way to a tool.
    visible: the tools that the model sees now, the never-changing ones first.
    core_tools: how many of them never change.
    redact: masks secrets in the person's words and the system prompt.
    """

    model: Model
    door: Callable[[str, dict[str, Any]], Answer]
    visible: Callable[[], list[Tool]]
    core_tools: int
    system: str
    budget: Budget
    redact: Callable[[str], str]
    transcript: Transcript = field(default_factory=Transcript)
    usage: Usage = field(default_factory=Usage)
    cost: float | None = 0.0
    turns: int = 0

    def ask(self, prompt: str) -> Iterator[Event]:
        """Work on one prompt; the events come as things happen.

        Raises
        ------
        ModelFailed: the model's service failed, refused, or keeps being cut off.
        BudgetSpent: turns, tokens or seconds ran out.
        """
        self.budget.restart()
        self.transcript.say(self.redact(prompt))
        continuations = 0
        while True:
            yield from self._make_room()
            turn = yield from self._turn()
            match turn.stop_reason:
                case "tool_use" if turn.calls:
                    continuations = 0
                    yield from self._run(turn)
                case "pause_turn":
                    continuations = self._count(continuations + 1)
                    self.transcript.add(Message("assistant", _said(turn)))
                case "max_tokens":
                    continuations = self._count(continuations + 1)
                    self._go_on(turn)
                case "model_context_window_exceeded":
                    continuations = self._count(continuations + 1)
                    yield Compacted(self.transcript.compact(self.model.context_tokens // 4))
                case "refusal":
                    self._close("[The model declined to answer.]")
                    why = f" ({turn.detail})" if turn.detail else ""
                    raise ModelFailed(
                        f"The model declined this request{why}; none of its calls was run.",
                        "Say it in other words, or use another model (--model).",
                    )
                case _:
                    self._close(turn.text or "(done)", turn)
                    yield Finished(turn.text, turn.stop_reason, self.usage, self.turns)
                    return

    def _turn(self) -> Generator[TextDelta | Retrying, None, Turn]:
        self.budget.spend_turn()
        self.turns += 1
        tools = tuple(ToolSpec(tool.name, tool.description, tool.schema) for tool in self.visible())
        request = Request(
            system=self.system, tools=tools, messages=tuple(self.transcript.messages), core_tools=self.core_tools
        )
        for event in self.model.turn(request):
            if isinstance(event, Turn):
                self.usage += event.usage
                price = self.model.price(event.usage)
                self.cost = None if price is None or self.cost is None else self.cost + price
                self.budget.spend(event.usage.total)
                return event
            yield event
        raise ModelFailed("The model's answer ended without an end.", "Try again.")

    def _run(self, turn: Turn) -> Iterator[Event]:
        """Run the calls of a finished turn, looking ones side by side, changing ones one by one, in their order."""
        risks = {tool.name: tool.risk for tool in self.visible()}
        results = {call.id: ToolResult(call.id, NOT_RUN, is_error=True) for call in turn.calls}
        try:
            for group in _groups(turn.calls, risks):
                for call in group:
                    results[call.id] = ToolResult(call.id, CUT_SHORT, is_error=True)
                    yield Calling(call)
                outcomes = list(zip(group, self._side_by_side(group), strict=True))
                results |= {call.id: ToolResult(call.id, outcome.text, outcome.is_error) for call, outcome in outcomes}
                for call, outcome in outcomes:
                    yield Called(call, outcome)
        finally:
            self.transcript.exchange(Message("assistant", turn.blocks), tuple(results[call.id] for call in turn.calls))

    def _side_by_side(self, group: list[ToolUse]) -> list[Answer]:
        if len(group) == 1:
            return [self._call(group[0])]
        with ThreadPoolExecutor(min(WORKERS, len(group))) as pool:
            return list(pool.map(self._call, group))

    def _call(self, call: ToolUse) -> Answer:
        return self.door(call.name, call.arguments)

    def _make_room(self) -> Iterator[Event]:
        limit = int(self.model.context_tokens * COMPACT_AT)
        if self.transcript.tokens > limit:
            yield Compacted(self.transcript.compact(limit * 2 // 3))

    def _go_on(self, turn: Turn) -> None:
        if turn.text:
            self.transcript.add(Message("assistant", _said(turn)))
        self.transcript.say(CUT_OFF)

    def _close(self, text: str, turn: Turn | None = None) -> None:
        self.transcript.add(Message("assistant", (_said(turn) if turn else ()) or (Text(text),)))

    def _count(self, continuations: int) -> int:
        if continuations > MAX_CONTINUATIONS:
            raise ModelFailed("The model was cut off again and again.", "Ask for less at once, or use another model.")
        return continuations


def _said(turn: Turn) -> tuple[Block, ...]:
    """A turn's blocks without its calls."""
    return tuple(block for block in turn.blocks if not isinstance(block, ToolUse))


def _groups(calls: tuple[ToolUse, ...], risks: Mapping[str, Risk]) -> Iterator[list[ToolUse]]:
    """Neighbouring READ calls together, every other call alone."""
    group: list[ToolUse] = []
    for call in calls:
        if risks.get(call.name, Risk.CHANGE) is Risk.READ:
            group.append(call)
            continue
        if group:
            yield group
            group = []
        yield [call]
    if group:
        yield group
