"""A scripted model that only does what the findings say: it shows how little a model needs to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.agent.model import ModelEvent, Request, Text, TextDelta, ToolResult, ToolUse, Turn, Usage

CHARS_A_TOKEN = 4
FINDING = re.compile(
    r'"code":\s*"(?P<code>[a-z0-9-]+)".*?"object":\s*"(?P<object>[^"]*)".*?"fixable":\s*(?P<fixable>true|false)',
    re.DOTALL,
)
MESSAGE = re.compile(r'"message":\s*"(?P<message>[^"]*)"')
LOOK_ONLY = re.compile(r"\b(?:why|explain|what|which|how come|just look)\b", re.IGNORECASE)


class FollowingModel:
    """Diagnoses, makes the plan of the first fixable finding where the prompt asks for more than why, and closes."""

    name = FOLLOWER = "follower"
    context_tokens = 200_000

    def turn(self, request: Request) -> Iterator[ModelEvent]:
        """The next step of three."""
        results = [
            block.text for message in request.messages for block in message.blocks if isinstance(block, ToolResult)
        ]
        usage = Usage(input=len(repr(request)) // CHARS_A_TOKEN, output=60)
        if not results:
            yield Turn((ToolUse("f1", "diagnose", {}),), "tool_use", usage)
            return
        found = FINDING.search(results[0])
        prompt = next((block.text for block in request.messages[0].blocks if isinstance(block, Text)), "")
        if found and found["fixable"] == "true" and len(results) == 1 and not LOOK_ONLY.search(prompt):
            arguments = {"code": found["code"], "service": found["object"]}
            yield Turn((ToolUse("f2", "diagnose_fix", arguments),), "tool_use", usage)
            return
        text = self._closing(results, found)
        yield TextDelta(text)
        yield Turn((Text(text),), "end_turn", usage)

    def price(self, usage: Usage) -> float | None:
        """Nothing."""
        del usage
        return 0.0

    @staticmethod
    def _closing(results: list[str], found: re.Match[str] | None) -> str:
        if found is None:
            return "Nothing wrong was found."
        message = MESSAGE.search(results[0], found.start())
        verified = len(results) > 1 and re.search(r'"verified":\s*true', results[-1])
        said = "Verified: the check held." if verified else "Not verified."
        return f"{found['object']}: {message['message'] if message else ''} ({found['code']})\n{said}"
