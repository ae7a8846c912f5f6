"""Find the Docker section of a Markdown file, however its title is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

TITLE = "docker configuration"
LOOSE_TITLES = frozenset(
    {"docker", "docker config", "docker settings", "docker setup", "docker compose", "docker compose configuration"}
)

_ENDS = re.compile(r"\r\n|\r|\n")

Kind = Literal["text", "heading", "open", "code", "close", "skip"]


@dataclass(frozen=True)
class Line:
    """One line of the file; `offset` counts characters from the start, `level` is a heading's."""

    number: int
    offset: int
    text: str
    kind: Kind
    level: int = 0


@dataclass(frozen=True)
class Section:
    """A Docker section: its lines, heading first, and its place in characters; `close` marks a misspelt title."""

    title: str
    lines: tuple[Line, ...]
    start: int
    end: int
    close: bool = False


def words(text: str) -> str:
    """The bare lower-case words of a heading or key, for comparing: no emoji, marks, numbering or punctuation."""
    bare = " ".join(re.findall(r"[^\W_\u2139]+", text.casefold()))
    return re.sub(r"^[\d ]+", "", bare)


def read_lines(text: str) -> list[Line]:
    """Every line with its kind; headings inside fences, comments and front matter do not count."""
    found: list[Line] = []
    fence, comment, offset = "", False, 0
    ends = [match.span() for match in _ENDS.finditer(text)] + [(len(text), len(text))]
    front_matter = text.lstrip("\ufeff").startswith("---")
    for number, (stop, after) in enumerate(ends, start=1):
        raw = text[offset:stop]
        bare = raw.strip().lstrip("\ufeff")
        kind: Kind = "text"
        level = 0
        if front_matter:
            kind, front_matter = "skip", not (bare in {"---", "..."} and number > 1) and number < 200
        elif fence:
            kind = "close" if len(bare) >= len(fence) and set(bare) == {fence[0]} else "code"
            fence = "" if kind == "close" else fence
        elif comment or bare.startswith("<!--"):
            kind, comment = "skip", "-->" not in bare
        elif opened := re.match(r"(`{3,}|~{3,})[^`]*$", bare):
            kind, fence = "open", opened[1]
        elif underlined := _underline_level(bare, found):
            found[-1] = Line(found[-1].number, found[-1].offset, found[-1].text, "heading", underlined)
            kind = "skip"
        elif level := _heading_level(raw.lstrip("\ufeff")):
            kind = "heading"
        found.append(Line(number, offset, raw, kind, level))
        offset = after
    return found


def _heading_level(raw: str) -> int:
    marks = re.match(r" {0,3}(#{1,6})(?=\s|[^#\s])", raw)
    if not marks or not words(raw):
        return 0
    level = len(marks[1])
    return level if level > 1 or raw[marks.end() :][:1].isspace() else 0


def _underline_level(bare: str, before: list[Line]) -> int:
    if len(bare) < 3 or set(bare) not in ({"="}, {"-"}) or not before or before[-1].kind != "text":
        return 0
    above = before[-1].text.strip()
    if not above or re.match(r"[-*+>]\s", above) or "|" in above or ":" in above:
        return 0
    return 1 if bare[0] == "=" else 2


def sections(lines: list[Line], length: int) -> list[Section]:
    """The Docker sections in order: real headings with the exact title first, looser ones only where there is none."""
    titles = list(_titles(lines))
    choices = (
        [entry for entry in titles if entry[2] == TITLE or entry[2].startswith(f"{TITLE} ") if lines[entry[0]].level],
        [entry for entry in titles if entry[2] == TITLE],
        [entry for entry in titles if entry[2] in LOOSE_TITLES],
        [entry for entry in titles if abs(len(entry[2]) - len(TITLE)) < 4 and _alike(entry[2]) > 0.85],
    )
    chosen = next((choice for choice in choices if choice), choices[3])
    found: list[Section] = []
    for index, level, title in chosen:
        if found and lines[index].offset < found[-1].end:
            continue
        after = (i for i in range(index + 1, len(lines)) if lines[i].kind == "heading" and lines[i].level <= level)
        stop = next(after, len(lines))
        end = lines[stop].offset if stop < len(lines) else length
        found.append(Section(title, tuple(lines[index:stop]), lines[index].offset, end, chosen is choices[3]))
    return found


def _titles(lines: list[Line]) -> Iterator[tuple[int, int, str]]:
    above = 0
    for index, line in enumerate(lines):
        if line.kind == "heading":
            above = line.level
            yield index, above, words(line.text)
        elif line.kind == "text" and len(line.text) <= 80 and words(line.text) == TITLE:
            yield index, above + 1, TITLE


def _alike(title: str) -> float:
    return SequenceMatcher(None, title, TITLE).ratio()
