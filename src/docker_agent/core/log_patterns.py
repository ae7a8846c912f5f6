"""Patterns of a log: lines that differ only in numbers, times, names and identifiers are one, with a count."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ANY = "<*>"
ALIKE = 0.6
MAX_WORDS = 60
MAX_CHARS = 400
MAX_COMPARED = 20
MAX_DISTINCT = 2_000
INDENTED = ("  ", "\t")
VARIABLE = re.compile(r"[0-9][^\s\"',;()\[\]{}=&?]*")
LEVELS = (
    (3, ("fatal", "panic", "emerg", "critical", "segfault", "traceback", "out of memory", "oom-kill")),
    (2, ("error", "exception", "fail", "denied", "refused", "cannot", "can't", "unable", "killed", "not found")),
    (1, ("warn", "timeout", "timed out", "retry", "deprecated")),
)


@dataclass(frozen=True)
class Pattern:
    """Lines of one shape.

    Attributes
    ----------
    template: the line with `<*>` for what varies.
    count: how many lines have it.
    first, last: the index of the first and the last such line in what was read, from 0.
    weight: 3 for words of a fatal error, 2 of an error, 1 of a warning, 0 for none.
    """

    template: str
    count: int
    first: int
    last: int
    weight: int = 0


def patterns_of(lines: Sequence[str]) -> list[Pattern]:
    """Group lines by shape: the heaviest words first, then the rarest, then the order of appearance.

    The lines of a traceback stay together, in their order, where the gravest of them belongs. What begins with a digit
    varies; then shapes of as many words, of which most agree, become one. 200,000 lines take about a second.
    """
    text = "\n".join([line[:MAX_CHARS].replace("\n", " ") for line in lines])
    shapes = VARIABLE.sub(ANY, text).split("\n") if lines else []
    counts = Counter(shapes)
    last = {shape: index for index, shape in enumerate(shapes)}
    first = {shape: index for index, shape in zip(range(len(shapes) - 1, -1, -1), reversed(shapes), strict=True)}
    merged = _merge(counts)
    found = [
        Pattern(
            template=template,
            count=sum(counts[shape] for shape in members),
            first=min(first[shape] for shape in members),
            last=max(last[shape] for shape in members),
            weight=weight,
        )
        for (template, weight), members in merged.items()
    ]
    of_shape = {shape: pattern for pattern, members in zip(found, merged.values(), strict=True) for shape in members}
    return _sorted(found, lines, lambda index: of_shape[shapes[index]])


def _sorted(found: list[Pattern], lines: Sequence[str], pattern_at: Callable[[int], Pattern]) -> list[Pattern]:
    """Blocks of patterns, a line that is indented or follows an indented one in the block of the line before it."""
    head: dict[Pattern, Pattern] = {}
    weights: Counter[Pattern] = Counter()
    for each in sorted(found, key=lambda each: each.first):
        before = each.first - 1
        follows = before >= 0 and any(line.startswith(INDENTED) for line in lines[before : before + 2])
        head[each] = head[pattern_at(before)] if follows else each
        weights[head[each]] = max(weights[head[each]], each.weight)

    def place(each: Pattern) -> tuple[int, int, int, int]:
        first = head[each]
        return -weights[first], first.count, first.first, each.first

    return sorted(found, key=place)


def weight_of(text: str) -> int:
    """How grave the words of a line are: 3 fatal, 2 an error, 1 a warning, 0 nothing of the kind."""
    plain = text.lower()
    return next((weight for weight, words in LEVELS if any(word in plain for word in words)), 0)


def _merge(counts: Counter[str]) -> dict[tuple[str, int], list[str]]:
    """Shapes of as many words, with the same gravity, of which most words agree, become one with `<*>` in between.

    Of each gravity the most frequent shapes are compared; the others are told apart by their first word alone.
    """
    buckets: dict[tuple[int, int], list[tuple[list[str], list[str]]]] = defaultdict(list)
    merged: dict[tuple[str, int], list[str]] = defaultdict(list)
    seen: Counter[int] = Counter()
    for shape, _ in counts.most_common():
        weight = weight_of(shape)
        words = shape.split(" ")
        seen[weight] += 1
        if seen[weight] > MAX_DISTINCT:
            merged[f"{words[0]} {ANY}", weight].append(shape)
            continue
        bucket = buckets[len(words), weight]
        for template, into in bucket[:MAX_COMPARED]:
            if _agree(template, words):
                template[:] = [mine if mine == yours else ANY for mine, yours in zip(template, words, strict=True)]
                into.append(shape)
                break
        else:
            bucket.append((words, [shape]))
    for (_, weight), bucket in buckets.items():
        for template, members in bucket:
            merged[" ".join(template), weight].extend(members)
    return merged


def _agree(template: list[str], words: list[str]) -> bool:
    if len(words) > MAX_WORDS:
        return template == words
    same = sum(mine == yours for mine, yours in zip(template, words, strict=True))
    return same >= ALIKE * len(words) and template[0] == words[0]
