"""Error messages that were pasted into a prompt, told apart from the person's own words."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_PROMPT = 20_000
MAX_OPENINGS = 20
MAX_FIRST_LINE = 500
SHORTEST = 8

_DELIMITED = re.compile(
    r"```(?P<block>.*?)```"
    r"|`(?P<code>[^`\n]+)`"
    r'|"(?P<double>[^"\n]+)"'
    r"|\u201c(?P<curly>[^\u201c\u201d\n]+)\u201d"
    r"|(?<![\w'])'(?P<single>[^'\n]+)'(?!\w)",
    re.DOTALL,
)
_OPENING = re.compile(r"(?:\A|\n|:)\s*(?=\S)")
_STARTS = re.compile(
    r"\[?(?:error|fatal|panic|traceback)\b\]?(?:\s*[:(\[]| response| while| from)|\S*(?:error|exception):"
    r'|(?:failed|unable) to \w+|could not \w+|cannot connect to|exec \S+:|time="|(?-i:E[A-Z]{4,})\b',
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\berror(?: response| while| from|\s*[:\[(=])|\w(?:error|exception)\b|\b(?:fatal|panic):|\btraceback\b"
    r"|\b(?:permission|access) denied\b|\bno such \w|\balready (?:allocated|in use|exists|running)\b|\bforbidden\b"
    r"|\bconnection (?:refused|reset)\b|\bfailed(?: to\b| programming\b| with\b|:)|\bunable to \w|\bis unhealthy\b"
    r"|\b(?:cannot|can't|could not) (?:connect|start|allocate|assign|open|find|execute|resolve|create|stat)\b"
    r"|\bnot found\b|\bout of memory\b|\bno space left\b|\btimed? ?out\b|\bdeadline exceeded\b|\bunauthorized\b"
    r"|\bexit(?:ed)? (?:code|status|with)\b|\bbad gateway\b|\bservice unavailable\b|\bis not set\b|\bmust be\b"
    r"|\bread-only file system\b|\bnot a directory\b|\bsegmentation fault\b|\b(?:invalid|undefined|unknown) \w"
    r"|(?-i:\bE[A-Z]{4,}\b)",
    re.IGNORECASE,
)
_OWN_WORDS = re.compile(
    r"\A(?:i|we|it|he|she|they|you|the|my|our|your|this|that|there|how|when|where|which|who|is|are|was|do|does|did|can)"
    r"\b(?!')|\b(?:why|what|explain|please|how come|fix|repair|mend|investigate|tell me)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"(?:(?<=[.!?;]) +|\n)"
    r"(?:please|why|what|how|could|fix|help|explain|tell me|just|do not|don't|any idea|can (?:you|i|we))\b"
    r"[^\n]{0,300}\Z",
    re.IGNORECASE,
)


class Prompt(NamedTuple):
    """A prompt in two: the person's `own` words, and the error message `quoted` in it, "" for none."""

    own: str
    quoted: str


def split_prompt(prompt: str) -> Prompt:
    """Tell an error message in a prompt from the words around it.

    A message stands in quotes, backticks or a block of code, or it begins the prompt, a line or what follows a colon. A
    sentence of the person's about an error is no message, nor is a name or a command in quotes.
    """
    text = "\n".join(line.strip() for line in prompt[:MAX_PROMPT].splitlines() if line.strip())
    if marked := [said for match in _DELIMITED.finditer(text) if _tells(said := _inside(match))]:
        own = _DELIMITED.sub(lambda match: "" if _tells(_inside(match)) else match[0], text)
        return Prompt(own.strip(), "\n".join(marked))
    aside = _ASIDE.search(text)
    end = aside.start() if aside else len(text)
    for opening, _ in zip(_OPENING.finditer(text, 0, end), range(MAX_OPENINGS), strict=False):
        at = opening.end()
        if _opens_message(text[at : min(end, at + MAX_FIRST_LINE)].split("\n", 1)[0], strictly=at == 0):
            return Prompt(f"{text[:at].strip()} {text[end:].strip()}".strip(), text[at:end].strip())
    return Prompt(prompt, "")


def _opens_message(line: str, *, strictly: bool) -> bool:
    """Whether a message begins with this line; at a prompt's beginning only the words of an error's beginning do."""
    if _OWN_WORDS.search(line):
        return False
    return bool(_STARTS.match(line)) or (not strictly and not line.endswith("?") and _tells(line))


def _tells(text: str) -> bool:
    return len(text) >= SHORTEST and _TELLS.search(text) is not None


def _inside(match: re.Match[str]) -> str:
    return next(part for part in match.groups() if part is not None).strip()
