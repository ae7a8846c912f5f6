"""YAML text to nodes: one pass over parser events, with an explicit stack and budgets for depth, size and aliases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from docker_agent.core.errors import InputError
from docker_agent.project.compose_nodes import Entry, Mapping, Node, Scalar, Sequence, Source

MAX_NODES = 100_000
MAX_DEPTH = 100
MAX_BYTES = 8_000_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONG_TAG = "tag:yaml.org,2002:"


def read_source(path: Path, name: str, data: bytes) -> Source:
    """Decode a file's bytes.

    Raises
    ------
    InputError: the bytes are not UTF-8 text, or more than 8 MB.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}:1:1: {len(data):,} bytes is too much for a compose file.", "Name the right file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        raise InputError(f"{name}:{line}:{column}: this is not UTF-8 text.", "Save it as UTF-8 text.") from error
    return Source(name, path, data, text)


def parse_nodes(source: Source) -> list[Node]:
    """Parse all documents of a file that are not empty.

    Raises
    ------
    InputError: not YAML, a key twice, a key that is no string, a merge of something else than mappings, an alias of
        itself, more than 100 levels or more than 100,000 values after expanding aliases.
    """
    builder = _Builder(source)
    try:
        for event in _events(source):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _syntax_error(source, error) from error
    return [node for node in builder.documents if not (isinstance(node, Scalar) and node.plain is None)]


def _events(source: Source) -> Iterator[Any]:
    yield from yaml.parse(source.text, Loader=_LOADER)


def _syntax_error(source: Source, error: yaml.YAMLError) -> InputError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    offset = min(int(mark.index), len(source.text)) if mark is not None else int(getattr(error, "position", 0) or 0)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it does not parse"
    hint = "Indent with spaces, YAML takes no tabs." if "\\t" in str(said) else "Correct the YAML there."
    return source.error(offset, f"not valid YAML: {said}.", hint)


@dataclass
class _Frame:
    """A collection that is still open."""

    event: Any
    nodes: list[Node]
    aliases: list[tuple[int, int] | None]
    size: int = 1


class _Builder:
    """Builds nodes from parser events with an explicit stack, so that depth cannot overflow anything."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.documents: list[Node] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}

    def take(self, event: Any) -> None:
        """Take the next event."""
        match event:
            case yaml.DocumentStartEvent():
                self.anchors = {}
            case yaml.ScalarEvent():
                self._add(self._scalar(event), 1, event.anchor)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case _:
                pass

    def _scalar(self, event: Any) -> Scalar:
        start, end = int(event.start_mark.index), int(event.end_mark.index)
        if event.style in {"|", ">"}:
            end = start + len(self.source.text[start:end].rstrip())
        elif event.anchor or event.tag:
            start = max(start, end - self._own_length(start, end))
        return Scalar(self.source, start, end, event.value, event.value, event.style or "", _short_tag(event.tag))

    def _own_length(self, start: int, end: int) -> int:
        written = self.source.text[start:end]
        return len(re.sub(r"^(?:[&!]\S*\s*)+", "", written))

    def _alias(self, event: Any) -> None:
        start, end = int(event.start_mark.index), int(event.end_mark.index)
        if event.anchor not in self.anchors:
            raise self.source.error(
                start, f"the alias *{event.anchor} has no anchor.", f"Add &{event.anchor} above it."
            )
        known = self.anchors[event.anchor]
        if known is None:
            raise self.source.error(start, f"the alias *{event.anchor} contains itself.", "Write the value out.")
        node, size = known
        self._add(node, size, None, (start, end))

    def _open(self, event: Any) -> None:
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(_Frame(event, [], []))
        if len(self.stack) > MAX_DEPTH:
            start = int(event.start_mark.index)
            raise self.source.error(start, f"more than {MAX_DEPTH} levels deep.", "Name the right file.")

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
            what = f"more than {MAX_NODES:,} values once its aliases are expanded."
            raise self.source.error(start, what, "Take out the aliases of aliases.")
        frame.nodes.append(node)
        frame.aliases.append(alias)

    def _entries(self, frame: _Frame) -> Iterator[Entry]:
        own: dict[str, Entry] = {}
        merged: list[Entry] = []
        for place in range(0, len(frame.nodes), 2):
            key, value = frame.nodes[place], frame.nodes[place + 1]
            if isinstance(key, Scalar) and key.value == "<<" and not key.style:
                merged += self._merged(key, value)
                continue
            name = self._key(key)
            if name.value in own:
                first = own[name.value].key.place.line
                what = f'the key "{name.value}" is there twice, first on line {first}.'
                raise self.source.error(name.start, what, "Take one of them out.")
            own[name.value] = Entry(name, value, frame.aliases[place + 1])
        yield from own.values()
        for entry in merged:
            if entry.key.value not in own:
                own[entry.key.value] = entry
                yield entry

    def _key(self, key: Node) -> Scalar:
        if isinstance(key, Scalar) and isinstance(key.plain, str):
            return key
        shown = key.value if isinstance(key, Scalar) else "a collection"
        raise self.source.error(key.start, f"the key {shown} is not a string.", "Put it in quotes.")

    def _merged(self, key: Scalar, value: Node) -> list[Entry]:
        parts = value.items if isinstance(value, Sequence) else (value,)
        found: list[Entry] = []
        for part in parts:
            if not isinstance(part, Mapping):
                raise self.source.error(key.start, "<< merges something that is not a mapping.", "Point it at one.")
            found += [replace(entry, merged=True) for entry in part.entries]
        return found


def _short_tag(tag: str | None) -> str:
    if tag in {None, "!"}:
        return "!!str" if tag else ""
    return str(tag).replace(_LONG_TAG, "!!")
