"""Where a compose file may hold secrets: every written value with its key, its owner and the kind of place."""

from __future__ import annotations

from typing import Literal

from docker_agent.core.record import field, record
from docker_agent.project.compose.model import Document
from docker_agent.project.compose.nodes import Mapping, Node, Scalar, Sequence
from docker_agent.project.interpolate import TemplateError, interpolate

PlaceKind = Literal["environment", "argument", "label", "command", "text", "option", "other"]
KeyPath = tuple[str | int, ...]

_SHORTEST = 3
_COMMANDS = frozenset({"command", "entrypoint", "test"})
_TEXTS = frozenset({"content", "dockerfile_inline"})
PAIRS: dict[str, PlaceKind] = {
    "environment": "environment",
    "args": "argument",
    "labels": "label",
    "annotations": "label",
    "options": "option",
    "driver_opts": "option",
}
_NEVER = frozenset({"image", "ports", "expose", "depends_on", "networks", "container_name", "$ref"})


@record
class Written:
    """One value as it is written.

    Attributes
    ----------
    owner: the service, or the part of the file that the value belongs to.
    nodes: one scalar, or the words of a command that is a list.
    path: keys from the top of the document, so that an edit finds it again.
    said: what the file itself says, node by node: literal text and defaults, not what variables bring.
    whole: whether nothing of it comes from a variable that the file does not know.
    """

    kind: PlaceKind
    owner: str
    key: str
    nodes: tuple[Scalar, ...] = field(repr=False)
    path: KeyPath
    said: tuple[str, ...] = field(repr=False)
    whole: bool


def literal(written: str) -> tuple[str, bool]:
    """What a template says by itself, and whether that is all of it."""
    if "$" not in written:
        return written, True
    try:
        filled = interpolate(written, {})
    except TemplateError:
        return written, True
    return filled.text, not filled.unset


def written_values(document: Document) -> list[Written]:
    """Every value of a document that may hold a secret, once each, what services use before what is only declared."""
    walk = _Walk()
    entries = sorted(document.root.entries, key=lambda entry: entry.key.value != "services")
    for entry in entries:
        top, node = entry.key.value, entry.value
        if isinstance(node, Mapping) and not top.startswith("x-"):
            for part in node.entries:
                name = part.key.value
                walk.below(part.value, name if top == "services" else f"{top}.{name}", (top, name), "other")
        else:
            walk.below(node, top, (top,), "option")
    return walk.found


class _Walk:
    """One pass over a document; a node that an anchor shares is looked at where it is met first."""

    def __init__(self) -> None:
        self.found: list[Written] = []
        self.seen: set[int] = set()

    def below(self, node: Node, owner: str, path: KeyPath, kind: PlaceKind) -> None:
        if id(node) in self.seen:
            return
        self.seen.add(id(node))
        key = str(path[-1])
        match node:
            case Scalar():
                if len(node.written) >= _SHORTEST:
                    said, whole = literal(node.written)
                    self.found.append(Written(_kind_of(key, kind), owner, key, (node,), path, (said,), whole))
            case Mapping():
                inner = PAIRS.get(key, kind)
                for entry in node.entries:
                    if entry.key.value not in _NEVER or inner == "environment":
                        self.below(entry.value, owner, (*path, entry.key.value), inner)
            case Sequence():
                self._items(node, owner, path, kind)

    def _items(self, node: Sequence, owner: str, path: KeyPath, kind: PlaceKind) -> None:
        key = str(path[-1])
        if key in _COMMANDS:
            words = tuple(item for item in node.items if isinstance(item, Scalar))
            texts = [literal(word.written) for word in words]
            said, whole = tuple(text for text, _ in texts), all(whole for _, whole in texts)
            self.found.append(Written("command", owner, key, words, path, said, whole))
            return
        for place, item in enumerate(node.items):
            if key not in PAIRS:
                self.below(item, owner, (*path, place), kind)
            elif isinstance(item, Scalar) and "=" in item.written and id(item) not in self.seen:
                self.seen.add(id(item))
                name, _, value = item.written.partition("=")
                text, whole = literal(value)
                self.found.append(Written(PAIRS[key], owner, name, (item,), (*path, name), (text,), whole))


def _kind_of(key: str, kind: PlaceKind) -> PlaceKind:
    if kind in {"other", "option"}:
        return "command" if key in _COMMANDS else "text" if key in _TEXTS else kind
    return kind
