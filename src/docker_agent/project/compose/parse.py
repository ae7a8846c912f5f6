"""YAML text to nodes: one pass over parser events, with an explicit stack and budgets for depth, size and aliases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from docker_agent.core.errors import InputError
from docker_agent.core.record import mutable, replace
from docker_agent.project.compose.nodes import (
    Entry,
    Mapping,
    Node,
    Place,
    Scalar,
    Sequence,
    Source,
    is_date,
    resolve_plain,
)
from docker_agent.project.compose.template import MARK, braces_in, hide_braces

# Told of a fault that leaves the rest of the file readable: the rule's code, the place, the words.
Wrong = Callable[[str, Place, str], None]

MAX_NODES = 100_000
MAX_DEPTH = 100
MAX_BYTES = 8_000_000

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LONG_TAG = "tag:yaml.org,2002:"
_TYPED = {"!!int": {int}, "!!bool": {bool}, "!!float": {int, float}, "!!null": {type(None)}}


class Unreadable(InputError):
    """A file that gives no nodes at all; `code` is the rule that has the manual for it, `place` is in `source`."""

    def __init__(self, code: str, source: Source, start: int, words: tuple[str, str]) -> None:
        super().__init__(f"{source.place(start, start)}: {words[0]}.", words[1])
        self.code, self.source, self.place, self.words = code, source, source.place(start, start), words[0]


def read_source(path: Path, name: str, data: bytes) -> Source:
    """Decode a file's bytes.

    Raises
    ------
    Unreadable: the bytes are neither UTF-8 text nor UTF-16 with its mark, or more than 8 MB.
    """
    if len(data) > MAX_BYTES:
        what = f"{len(data):,} bytes is too much for a compose file"
        raise Unreadable("yaml_syntax", Source(name, path, b"", ""), 0, (what, "Name the right file."))
    try:
        text = data.decode("utf-16" if data.startswith(_WIDE_MARKS) else "utf-8-sig")
    except UnicodeDecodeError as error:
        broken = Source(name, path, data, data.decode("utf-8", "replace"))
        start = len(data[: error.start].decode("utf-8", "replace"))
        words = ("this is not UTF-8 text", "Save it as UTF-8 text.")
        raise Unreadable("yaml_syntax", broken, start, words) from error
    return Source(name, path, data, text)


def parse_nodes(source: Source, wrong: Wrong | None = None, *, template: bool = False) -> list[Node]:
    """Parse all documents of a file that are not empty.

    Parameters
    ----------
    wrong: told of a key that is there twice or is no string, and of a merge of something else than mappings, which are
        left out; without it they are errors too.
    template: values in double braces are filled in by somebody else, so that they are not known.

    Raises
    ------
    Unreadable: not YAML, an alias of itself, more than 100 levels or more than 100,000 values after expanding aliases.
    """
    builder = _Builder(source, wrong or _refusing(source))
    try:
        for event in _events(hide_braces(source.text) if template else source.text):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _syntax_error(source, error) from error
    if wrong and "\n\ufeff" in source.text:
        _refuse_marks(source, builder.spans, wrong)
    empty = [node for node in builder.documents if isinstance(node, Scalar) and node.plain is None]
    if wrong and empty:
        wrong("services_missing", empty[0].place, "an empty document, which Compose refuses")
    return [node for node in builder.documents if node not in empty]


def _refuse_marks(source: Source, spans: list[tuple[int, int]], wrong: Wrong) -> None:
    """A byte order mark at the start of a line is text to Compose; libyaml passes over it."""
    for match in re.finditer("(?<=\n)\ufeff", source.text):
        if not any(start <= match.start() < end for start, end in spans):
            wrong("yaml_syntax", source.place(*match.span()), "a byte order mark inside the text, take it out")


def _refusing(source: Source) -> Wrong:
    def refuse(code: str, place: Place, message: str) -> None:
        raise Unreadable(code, source, place.start, (message, "Correct it."))

    return refuse


def _events(text: str) -> Iterator[Any]:
    """The events as `yaml.parse` gives them, without asking twice for each."""
    return iter(LOADER(text).get_event, None)


def _syntax_error(source: Source, error: yaml.YAMLError) -> Unreadable:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    offset = min(int(mark.index), len(source.text)) if mark is not None else int(getattr(error, "position", 0) or 0)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it does not parse"
    hint = "Indent with spaces, YAML takes no tabs." if "\\t" in str(said) else "Correct the YAML there."
    return Unreadable("yaml_syntax", source, offset, (f"not valid YAML: {said}", hint))


@mutable
class _Frame:
    """A collection that is still open."""

    event: Any
    nodes: list[Node]
    aliases: list[tuple[int, int] | None]
    size: int = 1


class _Builder:
    """Builds nodes from parser events with an explicit stack, so that depth cannot overflow anything."""

    def __init__(self, source: Source, wrong: Wrong) -> None:
        self.source = source
        self.wrong = wrong
        self.documents: list[Node] = []
        self.spans: list[tuple[int, int]] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}

    def take(self, event: Any) -> None:
        """Take the next event."""
        kind = event.__class__
        if kind is yaml.ScalarEvent:
            self._add(self._scalar(event), 1, event.anchor)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close(event)
        elif kind is yaml.DocumentStartEvent and event.version not in {None, (1, 1)}:
            place = self.source.place(event.start_mark.index, event.start_mark.index)
            self.wrong("yaml_syntax", place, "Compose takes YAML 1.1 by name only, take the line out")

    def _scalar(self, event: Any) -> Scalar:
        start, end, tag = event.start_mark.index, event.end_mark.index, ""
        self.spans.append((start, end))
        if event.tag or event.anchor or event.style:
            start, end, tag = self._dressed(event)
        scalar = Scalar(self.source, start, end, event.value, event.value, event.style or "", tag)
        return self._unknown(scalar) if MARK in event.value else scalar

    def _unknown(self, scalar: Scalar) -> Scalar:
        """A scalar that a template engine fills in, with the words that stand for its value."""
        words = [match.group() for match in braces_in(self.source.text[scalar.start : scalar.end])]
        parts = iter(words)
        value = re.sub(f"{MARK}+", lambda _: next(parts, ""), scalar.value)
        return replace(scalar, value=value, unset=tuple(words))

    def _dressed(self, event: Any) -> tuple[int, int, str]:
        """The range of a scalar's own text, without anchor and tag, and the tag."""
        start, end = int(event.start_mark.index), int(event.end_mark.index)
        if event.style in {"|", ">"}:
            end = start + len(self.source.text[start:end].rstrip())
        elif event.anchor or event.tag:
            start = max(start, end - self._own_length(start, end))
        tag = _short_tag(event.tag)
        if tag in _TYPED and type(resolve_plain(event.value)) not in _TYPED[tag]:
            message = f"{event.value} is not what its tag {tag} says"
            self.wrong("yaml_syntax", self.source.place(start, end), message)
        return start, end, tag

    def _own_length(self, start: int, end: int) -> int:
        written = self.source.text[start:end]
        return len(re.sub(r"^(?:[&!]\S*\s*)+", "", written))

    def _alias(self, event: Any) -> None:
        start, end = int(event.start_mark.index), int(event.end_mark.index)
        if event.anchor not in self.anchors:
            words = (f"the alias *{event.anchor} has no anchor", f"Add &{event.anchor} above it.")
            raise Unreadable("yaml_syntax", self.source, start, words)
        known = self.anchors[event.anchor]
        if known is None:
            words = (f"the alias *{event.anchor} contains itself", "Write the value out.")
            raise Unreadable("alias_bomb", self.source, start, words)
        node, size = known
        self._add(node, size, None, (start, end))

    def _open(self, event: Any) -> None:
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(_Frame(event, [], []))
        if len(self.stack) > MAX_DEPTH:
            start = int(event.start_mark.index)
            words = (f"more than {MAX_DEPTH} levels deep", "Name the right file.")
            raise Unreadable("yaml_syntax", self.source, start, words)

    def _close(self, event: Any) -> None:
        frame = self.stack.pop()
        opened = frame.event
        start, end = int(opened.start_mark.index), int(event.end_mark.index)
        tag = _short_tag(opened.tag)
        if not opened.flow_style:
            ends = [span[1] if span else node.end for node, span in zip(frame.nodes, frame.aliases, strict=True)]
            end = ends[-1] if ends else start
            start = frame.nodes[0].start if frame.nodes and (opened.anchor or tag) and not frame.aliases[0] else start
        node: Node
        if isinstance(opened, yaml.MappingStartEvent):
            node = Mapping(self.source, start, end, tuple(self._entries(frame)), bool(opened.flow_style), tag)
        else:
            node = Sequence(self.source, start, end, tuple(frame.nodes), bool(opened.flow_style), tag)
        self._add(node, frame.size, opened.anchor)

    def _add(self, node: Node, size: int, anchor: str | None, alias: tuple[int, int] | None = None) -> None:
        if anchor:
            self.anchors[anchor] = (node, size)
        if not self.stack:
            self.documents.append(node)
            return
        frame = self.stack[-1]
        frame.size += size
        if frame.size > MAX_NODES:
            start = alias[0] if alias else node.start
            words = (f"more than {MAX_NODES:,} values once its aliases are expanded", "Take out aliases of aliases.")
            raise Unreadable("alias_bomb", self.source, start, words)
        frame.nodes.append(node)
        frame.aliases.append(alias)

    def _entries(self, frame: _Frame) -> Iterator[Entry]:
        own: dict[str, Entry] = {}
        merged: list[Entry] = []
        merge: Scalar | None = None
        for place in range(0, len(frame.nodes), 2):
            key, value = frame.nodes[place], frame.nodes[place + 1]
            if isinstance(key, Scalar) and key.value == "<<" and not key.style:
                if merge:
                    self._twice(key, merge)
                merge = key
                merged += self._merged(key, value)
            elif not isinstance(key, Scalar) or not isinstance(key.plain, str) or is_date(key):
                shown = key.value if isinstance(key, Scalar) else "that is a collection"
                self.wrong("schema", key.place, f"the key {shown} is not a string, put it in quotes")
            elif key.value in own:
                self._twice(key, own[key.value].key)
            else:
                own[key.value] = Entry(key, value, frame.aliases[place + 1])
        names = {entry.key.value for entry in merged}
        own = {key: entry for key, entry in own.items() if not (entry.value.tag == "!reset" and key in names)}
        yield from own.values()
        for entry in merged:
            if entry.key.value not in own:
                own[entry.key.value] = entry
                yield entry

    def _twice(self, key: Scalar, first: Scalar) -> None:
        self.wrong(
            "duplicate_key", key.place, f'the key "{key.value}" is there twice, first on line {first.place.line}'
        )

    def _merged(self, key: Scalar, value: Node) -> list[Entry]:
        parts = value.items if isinstance(value, Sequence) else (value,)
        found: list[Entry] = []
        for part in parts:
            if isinstance(part, Mapping):
                found += [replace(entry, merged=True) for entry in part.entries]
            else:
                self.wrong("yaml_syntax", key.place, "<< merges something that is not a mapping")
        return found


def _short_tag(tag: str | None) -> str:
    if tag in {None, "!"}:
        return "!!str" if tag else ""
    return str(tag).replace(_LONG_TAG, "!!")
