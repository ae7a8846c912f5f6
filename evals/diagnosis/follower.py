"""A scripted model that only does what the findings say: it shows how little a model needs to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docker_agent.agent.model import ModelEvent, Request, Text, TextDelta, ToolResult, ToolUse, Turn, Usage

CHARS_A_TOKEN = 4
MOST_CALLS = 4
FINDING = re.compile(
    r'"code":\s*"(?P<code>[a-z0-9-]+)".*?"object":\s*"(?P<object>[^"]*)".*?"fixable":\s*(?P<fixable>true|false)',
    re.DOTALL,
)
VERIFIED = re.compile(r'"verified":\s*true')
MESSAGE = re.compile(r'"message":\s*"(?P<message>[^"]*)"')
QUOTE = re.compile(r'"quote":\s*"(?P<quote>(?:[^"\\]|\\.)*)"')
LOOK_ONLY = re.compile(r"\b(?:why|explain|what|which|how come|just look)\b", re.IGNORECASE)


class FollowingModel:
    """Diagnoses, and where the prompt asks for more than why, makes the plan of the first fixable finding, twice.

    Where several causes were found it diagnoses again after a plan that is verified.
    """

    name = FOLLOWER = "follower"
    context_tokens = 200_000

    def turn(self, request: Request) -> Iterator[ModelEvent]:
        """The next step: diagnose and fix in turn, then the closing words."""
        results = [
            block.text for message in request.messages for block in message.blocks if isinstance(block, ToolResult)
        ]
        usage = Usage(input=len(repr(request)) // CHARS_A_TOKEN, output=60)
        prompt = next((block.text for block in request.messages[0].blocks if isinstance(block, Text)), "")
        call = self._next(results, prompt)
        if call is not None:
            yield Turn((ToolUse(f"f{len(results)}", *call),), "tool_use", usage)
            return
        text = self._closing(results)
        yield TextDelta(text)
        yield Turn((Text(text),), "end_turn", usage)

    def price(self, usage: Usage) -> float | None:
        """Nothing."""
        del usage
        return 0.0

    @staticmethod
    def _next(results: list[str], prompt: str) -> tuple[str, dict[str, Any]] | None:
        looks = len(results) % 2 == 0
        if not results:
            return "diagnose", {}
        if looks and len(results) < MOST_CALLS and len(FINDING.findall(results[-2])) > 1:
            return ("diagnose", {}) if VERIFIED.search(results[-1]) else None
        found = None if looks else FINDING.search(results[-1])
        if found and found["fixable"] == "true" and not LOOK_ONLY.search(prompt):
            return "diagnose_fix", {"code": found["code"], "service": found["object"]}
        return None

    @staticmethod
    def _closing(results: list[str]) -> str:
        findings: dict[tuple[str, str], str] = {}
        for look in results[::2]:
            found = [*FINDING.finditer(look)]
            for each, after in zip(found, [*found[1:], None], strict=False):
                end = after.start() if after else len(look)
                said = MESSAGE.search(look, each.start(), end)
                quotes = [match["quote"] for match in QUOTE.finditer(look, each.start(), end)]
                findings[each["object"], each["code"]] = "; ".join([said["message"] if said else "", *quotes])
        if not findings:
            return "Nothing wrong was found."
        lines = [f"{name} ({code}): {said}" for (name, code), said in findings.items()]
        fixes = results[1::2]
        held = fixes and all(VERIFIED.search(fix) for fix in fixes)
        return "\n".join([*lines, "Verified: the check held." if held else "Not verified."])
