"""Untrusted text: made harmless for the eye, fenced for the model, and remembered for the approval table."""

from __future__ import annotations

import re
import threading

OPEN = re.compile(r"<(?=\s*/?\s*untrusted)", re.IGNORECASE)
FENCE = re.compile(r'\A<untrusted source="[^"\n]*">\n(.*)\n</untrusted>\s*\Z', re.DOTALL)
ESCAPES = re.compile(
    r"\x1b(?:\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\[[0-?]*[ -/]*[@-~]?|[PX^_][^\x1b\n]*(?:\x1b\\)?|.)?", re.DOTALL
)
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """Text without terminal escapes, control characters, direction overrides and invisible characters."""
    return INVISIBLE.sub("", ESCAPES.sub("", text.replace("\r\n", "\n")))


def fence(text: str, source: str) -> str:
    """Untrusted text as the model gets it: labelled with its source; nothing inside can close the fence."""
    label = re.sub(r"[^\w ,.:/()-]", "", source)
    return f'<untrusted source="{label}">\n{OPEN.sub("&lt;", clean(text))}\n</untrusted>'


def unfence(text: str) -> str:
    """What is inside a fence; text without one as it is."""
    found = FENCE.match(text)
    return found.group(1) if found else text


class Taint:
    """Which untrusted sources this session has read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: dict[str, None] = {}

    def mark(self, source: str) -> None:
        """Remember a source."""
        with self._lock:
            self._sources[source] = None

    @property
    def tainted(self) -> bool:
        """Whether any was read."""
        return bool(self._sources)

    @property
    def sources(self) -> tuple[str, ...]:
        """All that were read, in order."""
        return tuple(self._sources)
