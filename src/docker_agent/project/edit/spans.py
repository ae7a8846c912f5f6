"""Where in a file a value goes, and how it is written there: one edit for one value."""

from __future__ import annotations

from typing import cast

from docker_agent.core.record import value
from docker_agent.project.comments import comments
from docker_agent.project.compose.model import Document, node_at
from docker_agent.project.compose.nodes import Entry, Mapping, Node, Scalar, Source
from docker_agent.project.compose.nodes import Sequence as SequenceNode
from docker_agent.project.edit.render import Value, nested, render_flow, render_lines, render_scalar, scalar_text

KeyPath = tuple[str | int, ...]
BY_HAND = "Edit it by hand."


@value
class Edit:
    """Replace the characters from start to end of a file by a text; the file is named as in the model's places."""

    file: str
    start: int
    end: int
    text: str


def replace_value(source: Source, old: Node, span: tuple[int, int], value: Value) -> Edit | None:
    """A value in place of another, in its quotes; None where it is the same already."""
    style = old.style if isinstance(old, Scalar) else ""
    if isinstance(old, Scalar) and (old.plain == value or (style and old.value == scalar_text(value))):
        return None
    quote = style if style in {"'", '"'} else ""
    text = render_flow(value) if isinstance(value, dict | list) else render_scalar(value, quote)
    return Edit(source.name, *span, text if span[0] < span[1] else f" {text}")


def rewrite_entry(document: Document, parent: Mapping, entry: Entry, value: Value) -> Edit:
    """The whole entry anew, key and value, from the key's first character to the value's last."""
    text = _rendered(document, parent, entry.key.value, value)
    end = entry.alias[1] if entry.alias else entry.value.end
    return Edit(document.source.name, entry.key.start, end, text.lstrip(" "))


def _rendered(document: Document, parent: Mapping, key: str, value: Value) -> str:
    if parent.flow:
        return f"{render_scalar(key)}: {render_flow(value)}"
    lines = render_lines(key, value, _column(document.source, parent.start), _indent_step(document))
    return _line_break(document.source).join(lines)


def insert_value(document: Document, whole: KeyPath, depth: int, value: Value) -> Edit:
    """A value at a path of which only the first `depth` steps are there, after the last key of what is there."""
    source, parent = document.source, node_at(document.root, whole[:depth])
    rest = tuple(str(step) for step in whole[depth:])
    if isinstance(parent, SequenceNode) and len(rest) == 1 and parent.items:
        return append_value(source, parent, f"{rest[0]}={scalar_text(value)}")
    if isinstance(parent, Scalar) and parent.plain is None:
        above = cast("Mapping", node_at(document.root, whole[: depth - 1]))
        entry = above.index[str(whole[depth - 1])]
        if parent.start < parent.end or above.flow:
            return rewrite_entry(document, above, entry, nested(rest, value))
        lines = _rendered(document, above, entry.key.value, nested(rest, value)).split("\n")[1:]
        return Edit(source.name, *_line_tail(source, parent.end), _line_break(source) + "\n".join(lines))
    if not isinstance(parent, Mapping):
        shown = ".".join(str(step) for step in whole[:depth])
        raise source.error(
            parent.start if parent is not None else 0, f"{shown} is no mapping that a key could be added to.", BY_HAND
        )
    text = _rendered(document, parent, rest[0], nested(rest[1:], value))
    if not parent.flow:
        gap = _line_break(source) * (1 if depth else 2)
        return Edit(source.name, *_line_tail(source, parent.end), gap + text)
    if "<<" not in source.text[parent.start : parent.end] and not parent.entries:
        return Edit(source.name, parent.end - 1, parent.end - 1, text)
    end = max((_end(entry) for entry in parent.entries if not entry.merged), default=parent.end - 1)
    return Edit(source.name, end, end, f", {text}")


def append_value(source: Source, sequence: SequenceNode, value: Value) -> Edit:
    """One more item behind the last of a list."""
    item = render_flow(value)
    if sequence.flow:
        end = sequence.items[-1].end if sequence.items else sequence.end - 1
        return Edit(source.name, end, end, f", {item}" if sequence.items else item)
    dash = source.text.rfind("-", 0, sequence.items[0].start)
    text = _line_break(source) + " " * _column(source, dash) + f"- {item}"
    return Edit(source.name, *_line_tail(source, sequence.end), text)


def remove_entry(parent: Mapping, entry: Entry) -> Edit:
    """A key with its value taken out of a mapping that has other keys: whole lines in block style; comments stay."""
    own = sorted((other for other in parent.entries if not other.merged), key=lambda other: other.key.start)
    parts = [(other.key.start, _end(other)) for other in own]
    return remove_part(parent, parts, own.index(entry), (entry.key, entry.value))


def remove_part(
    parent: Mapping | SequenceNode, parts: list[tuple[int, int]], place: int, nodes: tuple[Node, ...]
) -> Edit:
    """One part of a collection that has others taken out; comments in its lines get lines of their own.

    Parameters
    ----------
    parts: the ranges of all its items, or of its own entries, in their order.
    nodes: what the part holds.
    """
    source, text = parent.source, parent.source.text
    start, end = parts[place]
    line_start = text.rfind("\n", 0, start) + 1
    if parent.flow or text[line_start:start].strip() != ("" if isinstance(parent, Mapping) else "-"):
        return _removed_inline(source, parts, place, nodes)
    indent = len(text[line_start:start]) - len(text[line_start:start].lstrip(" "))
    after = text.find("\n", end)
    after = len(text) if after < 0 else after + 1
    lines = [" " * indent + text[begin:stop] for begin, stop in comments(text, nodes, start, after)]
    last = not text[:after].endswith("\n")
    if last and not lines:
        before = line_start - 2 if text[:line_start].endswith("\r\n") else line_start - 1
        return Edit(source.name, before, after, "")
    kept = _line_break(source).join(lines) + (_line_break(source) if lines and not last else "")
    return Edit(source.name, line_start, after, kept)


def _removed_inline(source: Source, parts: list[tuple[int, int]], place: int, nodes: tuple[Node, ...]) -> Edit:
    text, (start, end) = source.text, parts[place]
    if place + 1 < len(parts):
        stop = parts[place + 1][0]
        noted = comments(text, nodes, end, stop)
        return Edit(source.name, start, noted[0][0] if noted else stop, "")
    before = parts[place - 1][1]
    return Edit(source.name, start if comments(text, nodes, before, start) else before, end, "")


def _end(entry: Entry) -> int:
    return entry.alias[1] if entry.alias else entry.value.end


def _column(source: Source, offset: int) -> int:
    return offset - (source.text.rfind("\n", 0, offset) + 1)


def _line_tail(source: Source, offset: int) -> tuple[int, int]:
    """The empty range at the end of the line that an offset is on, before its line break."""
    end = source.text.find("\n", offset)
    end = len(source.text) if end < 0 else end
    end -= source.text[offset:end].endswith("\r")
    return end, end


def _line_break(source: Source) -> str:
    """The one that the first line ends with."""
    end = source.text.find("\n")
    return "\r\n" if end > 0 and source.text[end - 1] == "\r" else "\n"


def _indent_step(document: Document) -> int:
    services = document.root.get("services")
    if isinstance(services, Mapping) and not services.flow and services.entries:
        return max(_column(document.source, services.start), 1)
    return 2
