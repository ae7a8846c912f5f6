"""The nodes of a compose file: scalars, mappings and sequences that know where they are written."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import Any

from docker_agent.core.errors import InputError
from docker_agent.core.pattern import lazy
from docker_agent.core.record import field, record, value

_INT = lazy(r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|(0|[1-9][0-9_]*))")
_FLOAT = lazy(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

_DATE = (
    r"\d{4}-(\d\d?)-(\d\d?)"
    r"(?:[Tt]\d\d?:\d\d?:\d\d?(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d\d?:\d\d?:\d\d?(?:\.\d+)?)?"
)
_INFINITE = r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
_TYPED = frozenset("+-.0123456789~nNtTfF")  # what a scalar that is not text may start with
_LARGEST, _LONGEST = 2**64, 308  # of a whole number; one in decimal digits may be as long as a float can be large
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Plain = str | int | float | bool | None


@value
class Place:
    """Where a value is written: line and column count from 1, start and end are character offsets into the text."""

    file: str
    line: int
    column: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def holds(self, other: Place) -> bool:
        """Whether another place lies inside this one."""
        return self.file == other.file and self.start <= other.start and other.end <= self.end


@record
class Source:
    """One file as it was read; `name` is its path relative to the project's folder, `text` has no byte order mark."""

    name: str
    path: Path
    data: bytes = field(repr=False)
    text: str = field(repr=False)

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets of the lines; only line feeds count, so that U+2028 and U+0085 in values shift nothing."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def place(self, start: int, end: int) -> Place:
        """The place of a range of characters."""
        line = bisect_right(self.line_starts, start)
        return Place(self.name, line, start - self.line_starts[line - 1] + 1, start, end)

    def end_of(self, place: Place) -> str:
        """Line and column after the last character of a place, spaces and blank lines at its end left out."""
        end = max(place.start, place.start + len(self.text[place.start : place.end].rstrip()))
        line = bisect_right(self.line_starts, end)
        return f"{line}:{end - self.line_starts[line - 1] + 1}"

    def error(self, start: int, message: str, next_step: str) -> InputError:
        """An error that points at one character of this file."""
        return InputError(f"{self.place(start, start)}: {message}", next_step)


@record
class Scalar:
    """One scalar: `value` after interpolation, `written` before it, `style` one of "" (plain), ', ", | and >."""

    source: Source
    start: int
    end: int
    value: str
    written: str
    style: str = ""
    tag: str = ""
    unset: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where the scalar is written."""
        return self.source.place(self.start, self.end)

    @property
    def plain(self) -> Plain:
        """The value by the rules of YAML 1.2 as Compose reads them: yes, no, on, off and 22:22 are strings."""
        return resolve_plain(self.value) if not self.style and self.tag in {"", "!reset", "!override"} else self.value


@record
class Entry:
    """A key with its value; `alias` is the range of a `*name` that stands for the value, `merged` tells a `<<` key."""

    key: Scalar
    value: Node
    alias: tuple[int, int] | None = None
    merged: bool = False


@record
class Mapping:
    """A mapping; its end is the end of its last value, without the blank lines and comments that follow."""

    source: Source
    start: int
    end: int
    entries: tuple[Entry, ...]
    flow: bool = False
    tag: str = ""

    @cached_property
    def index(self) -> dict[str, Entry]:
        """The entries by key."""
        return {entry.key.value: entry for entry in self.entries}

    @property
    def place(self) -> Place:
        """Where the mapping is written."""
        return self.source.place(self.start, self.end)

    def get(self, key: str) -> Node | None:
        """The value of a key, None where there is none."""
        entry = self.index.get(key)
        return entry.value if entry else None


@record
class Sequence:
    """A sequence; its end is the end of its last item."""

    source: Source
    start: int
    end: int
    items: tuple[Node, ...]
    flow: bool = False
    tag: str = ""

    @property
    def place(self) -> Place:
        """Where the sequence is written."""
        return self.source.place(self.start, self.end)


Node = Scalar | Mapping | Sequence


def resolve_plain(text: str) -> Plain:
    """A plain scalar as null, boolean, number or string, by YAML 1.2 and the octal and binary forms of Go."""
    if text and text[0] not in _TYPED:
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text[0] in "tT"
    if _INT.fullmatch(text):
        return _whole_number(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if "." in text and re.fullmatch(_INFINITE, text):
        return float(text.replace(".", ""))
    return text


def _whole_number(text: str) -> Plain:
    """A whole number; what Go's numbers do not hold is text."""
    digits = text.replace("_", "")
    if len(digits) > _LONGEST:
        return text
    octal = re.fullmatch(r"[-+]?0[0-7]+", digits)
    number = int(digits, 8) if octal else int(digits, 0)
    return text if number >= _LARGEST and digits.lstrip("+-")[1:2] in {"b", "o", "x"} else number


def is_date(node: Scalar) -> bool:
    """Whether Compose's parser makes a date of a scalar, which no key of a compose file takes."""
    if node.style or node.tag or not node.written[:4].isdigit():
        return False
    match = re.fullmatch(_DATE, node.written)
    return bool(match) and 0 < int(match[1]) <= len(_DAYS) and 0 < int(match[2]) <= _DAYS[int(match[1]) - 1]


def plain_value(node: Node | None) -> Any:
    """A node as dicts, lists and plain values."""
    match node:
        case None:
            return None
        case Scalar():
            return node.plain
        case Mapping():
            return {entry.key.value: plain_value(entry.value) for entry in node.entries}
        case Sequence():
            return [plain_value(item) for item in node.items]
