"""Where the comments of a YAML file are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from docker_agent.core.pattern import lazy
from docker_agent.project.compose.nodes import Mapping, Node, Scalar, Sequence

_COMMENT = lazy(r"(?<![^\s])#[^\r\n]*")


def comments(text: str, nodes: Iterable[Node], start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The ranges of the comments in a part of a text, each from its hash sign to the end of its line.

    Parameters
    ----------
    nodes: what is written there; a hash sign inside quotes or a block of text is none.
    """
    found = [match.span() for match in _COMMENT.finditer(text, start, len(text) if end is None else end)]
    if not found:
        return []
    held = sorted(_texts(text, nodes))
    begins = [begin for begin, _ in held]
    return [span for span in found if not _inside(span[0], held, begins)]


def _inside(at: int, held: list[tuple[int, int]], begins: list[int]) -> bool:
    place = bisect_right(begins, at) - 1
    return place >= 0 and at < held[place][1]


def _texts(text: str, nodes: Iterable[Node]) -> list[tuple[int, int]]:
    """The ranges of the scalars that may hold a hash sign, without the first line of blocks."""
    found: list[tuple[int, int]] = []
    seen: set[int] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case Scalar():
                if node.style:
                    header = text.find("\n", node.start, node.end) if node.style in {"|", ">"} else node.start
                    found.append((header if header >= 0 else node.end, node.end))
            case Mapping():
                waiting += [part for entry in node.entries for part in (entry.key, entry.value)]
            case Sequence():
                waiting += node.items
    return found
