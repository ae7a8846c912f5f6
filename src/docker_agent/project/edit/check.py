"""What edits did to a file besides what they were meant to do."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from docker_agent.core.record import record
from docker_agent.project.comments import comments
from docker_agent.project.compose.model import Document
from docker_agent.project.compose.nodes import Entry, Mapping, Node, Scalar, plain_value
from docker_agent.project.compose.nodes import Sequence as SequenceNode
from docker_agent.project.edit.spans import Edit

Span = tuple[int, int]


def stray_changes(before: Sequence[Document], after: Sequence[Document], edits: Sequence[Edit]) -> list[str]:
    """The paths of values that changed and are not written in the characters that the edits touch.

    Parameters
    ----------
    before, after: the documents of one file, as they were and with the edits made.
    """
    if len(before) != len(after):
        return ["the documents of the file"]
    comparison = _Comparison(*_touched(edits))
    return [path for one, other in zip(before, after, strict=True) for path in comparison.stray(one.root, other.root)]


def lost_comments(before: Sequence[Document], after: Sequence[Document]) -> list[str]:
    """The comments of a file that it no longer has."""
    gone = _comment_texts(before) - _comment_texts(after)
    return list(gone.elements())


def _comment_texts(documents: Sequence[Document]) -> Counter[str]:
    if not documents:
        return Counter()
    text = documents[0].source.text
    spans = comments(text, [document.root for document in documents])
    return Counter(text[start:end].rstrip() for start, end in spans)


def _touched(edits: Sequence[Edit]) -> tuple[list[Edit], list[Span]]:
    """The edits in order, and the ranges of what they put there in the text that they make."""
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    spans: list[Span] = []
    shift = 0
    for edit in ordered:
        spans.append((edit.start + shift, edit.start + shift + len(edit.text)))
        shift += len(edit.text) - (edit.end - edit.start)
    return ordered, spans


@record
class _Comparison:
    edits: list[Edit]
    made: list[Span]

    def stray(self, before: Node, after: Node, path: str = "") -> Iterator[str]:
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self._mappings(before, after, path)
        elif isinstance(before, SequenceNode) and isinstance(after, SequenceNode):
            yield from self._sequences(before, after, path)
        elif not _same(before, after) and not self._rewritten((before.start, before.end)):
            yield path

    def _mappings(self, before: Mapping, after: Mapping, path: str) -> Iterator[str]:
        for key in {**before.index, **after.index}:
            old, new = before.index.get(key), after.index.get(key)
            shown = f"{path}.{key}".lstrip(".")
            if old is None or new is None:
                held = self._taken(old) if old else new is not None and self._put(new)
                if not held:
                    yield shown
            elif old.merged or new.merged or old.alias or new.alias:
                rewritten = bool(old.alias and self._rewritten(old.alias)) or (not new.merged and self._put(new))
                if not rewritten and not _same(old.value, new.value):
                    yield shown
            else:
                yield from self.stray(old.value, new.value, shown)

    def _sequences(self, before: SequenceNode, after: SequenceNode, path: str) -> Iterator[str]:
        old, new = list(before.items), list(after.items)
        if len(old) == len(new):
            for place, (one, other) in enumerate(zip(old, new, strict=True)):
                yield from self.stray(one, other, f"{path}.{place}")
            return
        while old and new and _same(old[0], new[0]):
            old, new = old[1:], new[1:]
        while old and new and _same(old[-1], new[-1]):
            old, new = old[:-1], new[:-1]
        gone = all(self._rewritten((item.start, item.end)) for item in old)
        if not (gone and all(_meet(self.made, (item.start, item.end)) for item in new)):
            yield path

    def _taken(self, entry: Entry) -> bool:
        return not entry.merged and self._rewritten((entry.key.start, max(_end(entry), entry.key.end)))

    def _put(self, entry: Entry) -> bool:
        return not entry.merged and _meet(self.made, (entry.key.start, max(_end(entry), entry.key.end)))

    def _rewritten(self, span: Span) -> bool:
        """Whether an edit replaces a part of a range, or adds to it on its line."""
        first = bisect_left(self.edits, span[0], key=lambda edit: edit.end)
        near = self.edits[first : bisect_right(self.edits, span[1], key=lambda edit: edit.start)]
        return any(
            edit.start < span[1] and span[0] < edit.end
            if edit.start < edit.end
            else span[0] < edit.start < span[1] or "\n" not in edit.text
            for edit in near
        ) or (span[0] == span[1] and bool(near))


def _meet(spans: Sequence[Span], span: Span) -> bool:
    first = bisect_right(spans, span[0], key=lambda made: made[1])
    return first < len(spans) and spans[first][0] < span[1]


def _end(entry: Entry) -> int:
    return entry.alias[1] if entry.alias else entry.value.end


def _same(one: Node, other: Node) -> bool:
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return one.tag == other.tag and (one.plain, type(one.plain)) == (other.plain, type(other.plain))
    return plain_value(one) == plain_value(other)
