"""The handbook pages, searched section by section."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.project.workspace import Workspace
from docker_agent.settings import texts

MAX_SECTIONS = 5
MAX_QUERY_CHARS = 500
MAX_SECTION_CHARS = 3_000
HEADING_WEIGHT = 4
LENGTH_NORM = 0.75
SATURATION = 1.5

_WORD = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_STOP_WORDS = frozenset(
    {"a", "an", "and", "are", "for", "how", "in", "is", "it", "of", "on", "or", "the", "to", "what", "with"}
)


class Section(BaseModel):
    """A section of a page, with where it stands."""

    model_config = ConfigDict(frozen=True)

    file: str
    heading: str
    text: str


class Found(BaseModel):
    """The sections that fit best, best first; `pages` are all pages that were searched."""

    model_config = ConfigDict(frozen=True)

    query: str
    sections: tuple[Section, ...]
    pages: tuple[str, ...]


@dataclass(frozen=True)
class _Indexed:
    section: Section
    counts: Counter[str]
    length: int


@tool(risk=Risk.READ)
def reference(
    _ws: Workspace,
    query: Annotated[str, "Words to search for, such as an error message or a setting."],
    limit: Annotated[int, "How many sections to give, 1 to 5."] = 2,
) -> Found:
    """Search the handbook pages on best practice, the Engine API and troubleshooting; gives the sections that fit best.

    Words of a heading weigh most. No match gives an empty list, not an error.
    """
    if not 1 <= limit <= MAX_SECTIONS:
        raise InputError(f"limit is {limit}.", f"Give a number from 1 to {MAX_SECTIONS}.")
    words = [word for word in _words(query[:MAX_QUERY_CHARS]) if word not in _STOP_WORDS]
    if not words:
        raise InputError("The query has no word to search for.", 'Give words such as "exit code 137".')
    sections = _index(texts("ref-docs"))
    scored = sorted(
        ((_score(entry, words, sections), at) for at, entry in enumerate(sections)), key=lambda s: (-s[0], s[1])
    )
    best = tuple(sections[at].section for score, at in scored[:limit] if score > 0)
    return Found(query=query, sections=best, pages=tuple(dict.fromkeys(entry.section.file for entry in sections)))


@cache
def _index(folder: Path) -> tuple[_Indexed, ...]:
    return tuple(entry for path in sorted(folder.glob("*.md")) for entry in _sections(path))


def _sections(path: Path) -> list[_Indexed]:
    title, *parts = re.split(r"^## +", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    del title
    found: list[_Indexed] = []
    for part in parts:
        heading, _, body = part.partition("\n")
        counts = Counter(_words(body))
        for word in _words(heading):
            counts[word] += HEADING_WEIGHT
        text = body.strip()[:MAX_SECTION_CHARS]
        section = Section(file=path.name, heading=heading.strip(), text=text)
        found.append(_Indexed(section, counts, counts.total()))
    return found


def _words(text: str) -> list[str]:
    whole = _WORD.findall(text.lower())
    parts = [part for word in whole for part in re.split(r"[._-]", word) if part != word]
    return [_stem(word) for word in (*whole, *parts)]


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _score(entry: _Indexed, words: list[str], sections: tuple[_Indexed, ...]) -> float:
    """BM25: rare words weigh more, repeats less and less, long sections are held back."""
    mean = sum(each.length for each in sections) / len(sections)
    total = 0.0
    for word in set(words):
        count = entry.counts[word]
        if not count:
            continue
        having = sum(word in each.counts for each in sections)
        rarity = math.log(1 + (len(sections) - having + 0.5) / (having + 0.5))
        held_back = SATURATION * (1 - LENGTH_NORM + LENGTH_NORM * entry.length / mean)
        total += rarity * count * (SATURATION + 1) / (count + held_back)
    return total
