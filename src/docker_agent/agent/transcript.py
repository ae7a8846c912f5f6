"""The conversation so far, and how it is made shorter before it outgrows the model's window."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from docker_agent.agent.model import Message, Opaque, Text, ToolResult, ToolUse

CHARS_PER_TOKEN = 4
KEEP_RESULTS = 4
CLEARED = "[cleared to save space; {size} characters. Call the tool again if you need it.]"


@dataclass
class Transcript:
    """Messages in turn, always in a state that the Messages API accepts: each call is followed by its result."""

    messages: list[Message] = field(default_factory=list[Message])

    def say(self, text: str) -> None:
        """Add the person's words."""
        self.messages.append(Message("user", (Text(text),)))
        self._join()

    def add(self, message: Message) -> None:
        """Add a message; neighbours of one role become one, which every server of this API accepts."""
        self.messages.append(message)
        self._join()

    def exchange(self, calls: Message, results: tuple[ToolResult, ...]) -> None:
        """Add the model's calls and their results together, so that an interruption leaves no call unanswered."""
        self.messages += [calls, Message("user", results)]
        self._join()

    @property
    def tokens(self) -> int:
        """Size by four characters a token."""
        return sum(_size(message) for message in self.messages) // CHARS_PER_TOKEN

    def compact(self, limit_tokens: int) -> int:
        """Make it fit: old tool results are cleared first, then the oldest exchanges folded into one note.

        Returns
        -------
        How many tokens were saved.
        """
        before = self.tokens
        self._clear_results(KEEP_RESULTS)
        if self.tokens > limit_tokens:
            self._clear_results(1)
        while self.tokens > limit_tokens and len(self.messages) > 3:
            if not self._fold_oldest():
                break
        return before - self.tokens

    def _clear_results(self, keep: int) -> None:
        places = [index for index, message in enumerate(self.messages) if _has_results(message)]
        for index in places[:-keep]:
            message = self.messages[index]
            self.messages[index] = replace(message, blocks=tuple(_clear(block) for block in message.blocks))

    def _fold_oldest(self) -> bool:
        """Turn the first exchange after the opening words into one line of the opening message."""
        start = next((index for index, message in enumerate(self.messages) if message.role == "assistant"), None)
        if start is None or start + 1 >= len(self.messages) - 1:
            return False
        called, after = self.messages[start], self.messages[start + 1]
        note = ", ".join(block.name for block in called.blocks if isinstance(block, ToolUse))
        words = " ".join(block.text for block in called.blocks if isinstance(block, Text))[:200]
        line = f"[earlier: {words}{' called ' + note if note else ''}]"
        answered = _has_results(after)
        said = tuple(block for block in after.blocks if answered and isinstance(block, Text))
        end = start + 2 if answered else start + 1
        opening = self.messages[start - 1] if start else Message("user", ())
        folded = replace(opening, blocks=(*opening.blocks, Text(line), *said))
        self.messages[max(0, start - 1) : end] = [folded]
        self._join()
        return True

    def _join(self) -> None:
        joined: list[Message] = []
        for message in self.messages:
            if joined and joined[-1].role == message.role:
                joined[-1] = replace(joined[-1], blocks=(*joined[-1].blocks, *message.blocks))
            else:
                joined.append(message)
        self.messages[:] = joined


def _has_results(message: Message) -> bool:
    return any(isinstance(block, ToolResult) for block in message.blocks)


def _clear(block: Text | ToolUse | ToolResult | Opaque) -> Text | ToolUse | ToolResult | Opaque:
    if isinstance(block, ToolResult) and len(block.text) > len(CLEARED) + 8:
        return replace(block, text=CLEARED.format(size=len(block.text)))
    return block


def _size(message: Message) -> int:
    total = 0
    for block in message.blocks:
        match block:
            case Text() | ToolResult():
                total += len(block.text)
            case ToolUse():
                total += len(block.name) + len(str(block.arguments))
            case Opaque():
                total += len(str(block.data))
    return total
