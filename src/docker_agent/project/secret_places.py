"""Where a compose file may hold secrets: every written value with its key, its owner and the kind of place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from docker_agent.project.compose import Document
from docker_agent.project.compose_nodes import Mapping, Node, Scalar, Sequence
from docker_agent.project.interpolate import TemplateError, interpolate

PlaceKind = Literal["environment", "argument", "label", "command", "text", "option", "other"]
KeyPath = tuple[str | int, ...]

_SHORTEST = 3
_COMMANDS = frozenset({"command", "entrypoint", "test"})
_TEXTS = frozenset({"content", "dockerfile_inline"})
_PAIRS: dict[str, PlaceKind] = {
    "environment": "environment",
    "args": "argument",
    "labels": "label",
    "annotations": "label",
    "options": "option",
    "driver_opts": "option",
}
_NEVER = frozenset({"image", "ports", "expose", "depends_on", "networks", "container_name", "$ref"})


@dataclass(frozen=True)
class Written:
    """One value as it is written.

    Attributes
    ----------
    owner: the service, or the part of the file that the value belongs to.
    nodes: one scalar, or the words of a command that is a list.
    path: keys from the top of the document, so that an edit finds it again.
    """

    kind: PlaceKind
    owner: str
    key: str
    nodes: tuple[Scalar, ...] = field(repr=False)
    path: KeyPath
    keyed: bool = False

    @property
    def texts(self) -> list[str]:
        """What the file itself says: literal text and defaults, not what variables bring."""
        return [literal(self._after_key(node))[0] for node in self.nodes]

    @property
    def whole(self) -> bool:
        """Whether nothing of it comes from a variable that the file does not know."""
        return all(literal(node.written)[1] for node in self.nodes)

    def _after_key(self, node: Scalar) -> str:
        return node.written.partition("=")[2] if self.keyed else node.written


def literal(written: str) -> tuple[str, bool]:
    """What a template says by itself, and whether that is all of it."""
    if "$" not in written:
        return written, True
    try:
        filled = interpolate(written, {})
    except TemplateError:
        return written, True
    return filled.text, not filled.unset


def written_values(document: Document) -> Iterator[Written]:
    """Every value of a document that may hold a secret, once each, what services use before what is only declared."""
    seen: set[int] = set()
    entries = sorted(document.root.entries, key=lambda entry: entry.key.value != "services")
    for entry in entries:
        top, node = entry.key.value, entry.value
        if top == "services" and isinstance(node, Mapping):
            for service in node.entries:
                name = service.key.value
                yield from _below(service.value, name, (top, name), "other", seen)
        elif isinstance(node, Mapping) and not top.startswith("x-"):
            for part in node.entries:
                yield from _below(part.value, f"{top}.{part.key.value}", (top, part.key.value), "other", seen)
        else:
            yield from _below(node, top, (top,), "option", seen)


def _below(node: Node, owner: str, path: KeyPath, kind: PlaceKind, seen: set[int]) -> Iterator[Written]:
    if id(node) in seen:
        return
    seen.add(id(node))
    key = str(path[-1])
    match node:
        case Scalar():
            if len(node.written) >= _SHORTEST:
                yield Written(_kind_of(key, kind), owner, key, (node,), path)
        case Mapping():
            inner = _PAIRS.get(key, kind) if isinstance(path[-1], str) else kind
            for entry in node.entries:
                if entry.key.value not in _NEVER or inner == "environment":
                    yield from _below(entry.value, owner, (*path, entry.key.value), inner, seen)
        case Sequence():
            yield from _items(node, owner, path, kind, seen)


def _items(node: Sequence, owner: str, path: KeyPath, kind: PlaceKind, seen: set[int]) -> Iterator[Written]:
    key = str(path[-1])
    if key in _COMMANDS:
        yield Written("command", owner, key, tuple(item for item in node.items if isinstance(item, Scalar)), path)
        return
    inner = _PAIRS.get(key, kind)
    for place, item in enumerate(node.items):
        name, given, _ = item.written.partition("=") if isinstance(item, Scalar) else ("", "", "")
        if given and key in _PAIRS and isinstance(item, Scalar) and id(item) not in seen:
            seen.add(id(item))
            yield Written(inner, owner, name, (item,), (*path, name), keyed=True)
        elif key not in _PAIRS:
            yield from _below(item, owner, (*path, place), kind, seen)


def _kind_of(key: str, kind: PlaceKind) -> PlaceKind:
    if kind in {"other", "option"}:
        return "command" if key in _COMMANDS else "text" if key in _TEXTS else kind
    return kind
