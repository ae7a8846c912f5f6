"""The handbook pages and the catalogue of failures, searched section by section, and the pages of the rules."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
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

RULES = "rules"
FAILURES = "failures"
MAX_SECTIONS = 5
MAX_QUERY_CHARS = 500
MAX_SECTION_CHARS = 3_000
HEADING_WEIGHT = 4
FAULT_WEIGHT = 0.45  # a rule or a failure is about one fault, the handbook about all that belongs to a question
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
    """The sections that fit best, best first; `pages` are all pages that were searched, `note` says that none fits."""

    model_config = ConfigDict(frozen=True)

    query: str
    note: str = ""
    sections: tuple[Section, ...]
    pages: tuple[str, ...]


@dataclass(frozen=True)
class _Indexed:
    section: Section
    counts: Counter[str]
    length: int
    weight: float


@tool(
    risk=Risk.READ,
    examples=("docker-agent reference 'restart policy'",),
)
def reference(
    _ws: Workspace,
    query: Annotated[str, "Words to search for, such as an error message or a setting."],
    limit: Annotated[int, "How many sections to give, 1 to 5."] = 2,
) -> Found:
    """Search the handbook (best practice, Engine API, troubleshooting), the compose check's rules, known failures.

    Gives the sections that fit best. Words of a heading weigh most; the code of a rule or of a failure that `diagnose`
    names finds its page. No match gives an empty list, not an error.
    """
    if not 1 <= limit <= MAX_SECTIONS:
        raise InputError(f"limit is {limit}.", f"Give a number from 1 to {MAX_SECTIONS}.")
    words = [word for word in _words(query[:MAX_QUERY_CHARS]) if word not in _STOP_WORDS]
    if not words:
        raise InputError("The query has no word to search for.", 'Give words such as "exit code 137".')
    sections = _index(texts("ref-docs"))
    named = query[:MAX_QUERY_CHARS].lower().split()
    having = {word: sum(word in entry.counts for entry in sections) for word in words}
    rarity = {word: math.log(1 + (len(sections) - held + 0.5) / (held + 0.5)) for word, held in having.items()}
    mean = sum(entry.length for entry in sections) / len(sections)
    scores = [(_named(entry.section, named), _score(entry, rarity, mean)) for entry in sections]
    order = sorted(range(len(sections)), key=lambda at: scores[at], reverse=True)
    best = tuple(sections[at].section for at in order[:limit] if scores[at][1] > 0)
    pages = (re.sub(r"/.*", "/*.md", entry.section.file) for entry in sections)
    note = "" if best else f"nothing found for {query[:MAX_QUERY_CHARS]!r}; try other words"
    return Found(query=query, note=note, sections=best, pages=tuple(dict.fromkeys(pages)))


@cache
def _index(folder: Path) -> tuple[_Indexed, ...]:
    pages = [entry for path in sorted(folder.glob("*.md")) if path.stem != FAILURES for entry in _sections(path)]
    failures = [entry for path in sorted((folder / FAILURES).glob("*.md")) for entry in _sections(path, FAULT_WEIGHT)]
    rules = [_rule(path) for path in sorted((folder / RULES).glob("*.md")) if path.stem != "index"]
    return (*pages, *failures, *rules)


def _named(section: Section, words: list[str]) -> int:
    """Whether the query has the code of this rule or failure: 2 as it is written, 1 with other dashes, 0 if not."""
    folder, _, name = section.file.rpartition("/")
    code = {RULES: name.removesuffix(".md"), FAILURES: section.heading}.get(folder)
    if code in words:
        return 2
    return int(code in {word.replace("-", "_") for word in words})


def _rule(path: Path) -> _Indexed:
    """A rule's page is one section: its parts say little without its name and first sentence."""
    title, _, body = path.read_text(encoding="utf-8").partition("\n")
    return _indexed(f"{RULES}/{path.name}", title.removeprefix("#"), body, FAULT_WEIGHT)


def _sections(path: Path, weight: float = 1.0) -> list[_Indexed]:
    _, *parts = re.split(r"^## +", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    headed = (part.partition("\n") for part in parts)
    folder = f"{FAILURES}/" if path.parent.name == FAILURES else ""
    return [_indexed(f"{folder}{path.name}", heading, body, weight) for heading, _, body in headed]


def _indexed(file: str, heading: str, body: str, weight: float = 1.0) -> _Indexed:
    counts = Counter(_words(body))
    for word in _words(heading):
        counts[word] += HEADING_WEIGHT
    section = Section(file=file, heading=heading.strip(), text=body.strip()[:MAX_SECTION_CHARS])
    return _Indexed(section, counts, counts.total(), weight)


def _words(text: str) -> list[str]:
    whole = _WORD.findall(text.lower())
    parts = [part for word in whole for part in re.split(r"[._-]", word) if part != word]
    return [_stem(word) for word in (*whole, *parts)]


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _score(entry: _Indexed, rarity: Mapping[str, float], mean: float) -> float:
    """BM25: rare words weigh more, repeats less and less, sections longer than the mean are held back."""
    held_back = SATURATION * (1 - LENGTH_NORM + LENGTH_NORM * entry.length / mean)
    total = 0.0
    for word, weight in rarity.items():
        count = entry.counts.get(word, 0)
        total += weight * count * (SATURATION + 1) / (count + held_back)
    return total * entry.weight
