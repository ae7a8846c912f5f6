"""Edits of compose files by character spans: what is not meant to change stays as it is, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from docker_agent.core.errors import InputError
from docker_agent.project.compose.model import ComposeModel, Document, node_at
from docker_agent.project.compose.nodes import Mapping, Node, Scalar, Source, plain_value
from docker_agent.project.compose.nodes import Sequence as SequenceNode
from docker_agent.project.compose.parse import parse_nodes
from docker_agent.project.edit.render import Value, scalar_text
from docker_agent.project.edit.spans import (
    BY_HAND,
    Edit,
    KeyPath,
    insert_value,
    remove_entry,
    replace_value,
    rewrite_entry,
)

__all__ = [
    "Edit",
    "KeyPath",
    "Value",
    "apply_edits",
    "remove_key",
    "remove_service_key",
    "set_service_value",
    "set_value",
]


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits made; insertions at one place keep the order they were given in.

    Raises
    ------
    InputError: two edits overlap, or one lies outside the text.
    """
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not position <= edit.start <= edit.end <= len(text):
            raise InputError(f"{edit.file}: two edits want the same characters.", "Make them one after the other.")
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])


def set_value(model: ComposeModel, path: KeyPath, value: Value) -> list[Edit]:
    """The edits that give a key a value: the scalar is replaced in its quotes, missing keys are inserted.

    Parameters
    ----------
    path: keys from the top; a key also finds its entry in a list of KEY=VALUE, an int an item of a list.
    value: written as is, so that `${NAME}` stays a variable; a mapping or list replaces what was there.

    Raises
    ------
    InputError: no such service, the place is shared by an anchor, or the edit would change anything else.
    """
    document, depth = _place_to_set(model, path)
    edit = _edit_to_set(document, path, depth, value)
    if edit is None:
        return []
    return _checked(document, edit, path, lambda data, steps: _with_value(data, steps, value))


def remove_key(model: ComposeModel, path: tuple[str, ...]) -> list[Edit]:
    """The edits that take a key out of every file that has it, with a parent that would be left empty; comments stay.

    Raises
    ------
    InputError: the key comes from an anchor, is all that there is, or the edit would change anything else.
    """
    edits: list[Edit] = []
    for document in model.documents:
        above, last = path[:-1], path[-1]
        while len(above) > _floor(path) and _holds_only(node_at(document.root, above), last):
            above, last = above[:-1], above[-1]
        parent = node_at(document.root, above)
        if node_at(document.root, path) is None or not isinstance(parent, Mapping) or last not in parent.index:
            continue
        entry = parent.index[last]
        _refuse_shared(document, (*above, last))
        if entry.merged or len(_own_keys(parent)) < 2:
            raise document.source.error(entry.key.start, f"{_shown(path)} cannot be taken out alone.", BY_HAND)
        edits += _checked(document, remove_entry(parent, entry), (*above, last), _without)
    return edits


def set_service_value(model: ComposeModel, service: str, path: KeyPath, value: Value) -> list[Edit]:
    """The edits that give a key of a service a value, as `set_value` does.

    Raises
    ------
    InputError: no such service, the place is shared by an anchor, or the edit would change anything else.
    """
    return set_value(model, ("services", service, *path), value)


def remove_service_key(model: ComposeModel, service: str, path: tuple[str, ...]) -> list[Edit]:
    """The edits that take a key of a service out of every file that has it, as `remove_key` does.

    Raises
    ------
    InputError: the key comes from an anchor, is all that a service has, or the edit would change anything else.
    """
    return remove_key(model, ("services", service, *path))


def _floor(path: KeyPath) -> int:
    """How much of a path has to stay: a service itself, or the top of the file."""
    return 2 if path[0] == "services" else 0


def _shown(path: KeyPath) -> str:
    return ".".join(str(step) for step in path)


def _place_to_set(model: ComposeModel, path: KeyPath) -> tuple[Document, int]:
    """The document to edit and how much of the path is there: the last that has all of it, else the fullest first."""
    best: tuple[Document, int] | None = None
    for document in model.documents:
        depth = next(n for n in range(len(path), -1, -1) if node_at(document.root, path[:n]) is not None)
        if depth >= _floor(path) and (best is None or depth > best[1] or depth == len(path)):
            best = document, depth
    if best is None:
        raise InputError(
            f"There is no service {path[1]} in the compose files.", f"There are: {', '.join(model.services)}."
        )
    return best


def _edit_to_set(document: Document, whole: KeyPath, depth: int, value: Value) -> Edit | None:
    source = document.source
    _refuse_shared(document, whole[: depth + 1])
    if depth < len(whole):
        return insert_value(document, whole, depth, value)
    parent, step = node_at(document.root, whole[:-1]), whole[-1]
    old = cast("Node", node_at(document.root, whole))
    if isinstance(parent, SequenceNode):
        item: Value = f"{step}={scalar_text(value)}" if isinstance(step, str) else value
        return replace_value(source, old, (old.start, old.end), item)
    entry = cast("Mapping", parent).index[str(step)]
    if entry.merged:
        return None if plain_value(old) == value else insert_value(document, whole, depth - 1, value)
    if isinstance(value, dict | list) or not isinstance(old, Scalar):
        return None if plain_value(old) == value else rewrite_entry(document, cast("Mapping", parent), entry, value)
    return replace_value(source, old, entry.alias or (old.start, old.end), value)


def _checked(document: Document, edit: Edit, path: KeyPath, change: Callable[[Any, KeyPath], Any]) -> list[Edit]:
    """The edit, after making sure that the edited text says what is expected and nothing else.

    Parameters
    ----------
    change: makes of plain data what is expected of it.
    """
    source, shown = document.source, _shown(path)
    if _is_local(document, edit, path, change):
        return [edit]
    expected = change(plain_value(document.root), path)
    try:
        nodes = parse_nodes(Source(source.name, source.path, b"", apply_edits(source.text, [edit])))
    except InputError as error:
        raise source.error(edit.start, f"{shown} cannot be edited here without breaking the file.", BY_HAND) from error
    if not any(_same(plain_value(node), expected) for node in nodes):
        raise source.error(edit.start, f"{shown} cannot be edited here without changing something else.", BY_HAND)
    return [edit]


def _is_local(document: Document, edit: Edit, path: KeyPath, change: Callable[[Any, KeyPath], Any]) -> bool:
    """Whether the lines of one service alone show that the edit does what is expected, so that no others are parsed."""
    services, text = document.root.get("services"), document.source.text
    if len(path) < 3 or not isinstance(services, Mapping) or services.flow or str(path[1]) not in services.index:
        return False
    entry = services.index[str(path[1])]
    start, end = text.rfind("\n", 0, entry.key.start) + 1, text.find("\n", entry.value.end)
    end = len(text) if end < 0 else end + 1
    lines = text[start:end]
    inside = start <= edit.start and edit.end <= end and not text[start : entry.key.start].strip(" ")
    if path[0] != "services" or entry.merged or entry.alias or "&" in lines or not inside:
        return False
    moved = Edit(edit.file, edit.start - start, edit.end - start, edit.text)
    try:
        nodes = parse_nodes(Source(edit.file, document.source.path, b"", apply_edits(lines, [moved])))
    except InputError:
        return False
    return [plain_value(node) for node in nodes] == [{path[1]: change(plain_value(entry.value), path[2:])}]


def _without(data: Any, path: KeyPath) -> Any:
    if len(path) == 1:
        return {key: value for key, value in data.items() if key != path[0]}
    return {**data, path[0]: _without(data[path[0]], path[1:])}


def _same(actual: Any, expected: Any) -> bool:
    match actual, expected:
        case dict(), dict():
            one, other = cast("dict[str, Any]", actual), cast("dict[str, Any]", expected)
            return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
        case list(), list():
            left, right = cast("list[Any]", actual), cast("list[Any]", expected)
            return len(left) == len(right) and all(map(_same, left, right))
        case _:
            return actual == expected or scalar_text(actual) == scalar_text(expected)


def _with_value(data: Any, path: KeyPath, value: Value) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(data, list):
        items = list(cast("list[Any]", data))
        named = (n for n, item in enumerate(items) if str(item).partition("=")[0] == step)
        place = step if isinstance(step, int) else next(named, len(items))
        old = items[place] if place < len(items) else None
        items[place : place + 1] = [
            _with_value(old, rest, value) if isinstance(step, int) else f"{step}={scalar_text(value)}"
        ]
        return items
    known = cast("dict[Any, Any]", data) if isinstance(data, dict) else {}
    return {**known, step: _with_value(known.get(step), rest, value)}


def _refuse_shared(document: Document, path: KeyPath) -> None:
    for length in range(1, len(path)):
        above, step = node_at(document.root, path[: length - 1]), path[length - 1]
        if isinstance(above, Mapping):
            entry = above.index[str(step)]
            if entry.merged or entry.alias:
                shown = ".".join(str(part) for part in path[:length])
                raise document.source.error(entry.key.start, f"{shown} is shared through an anchor.", BY_HAND)


def _holds_only(node: Node | None, key: str) -> bool:
    return isinstance(node, Mapping) and [entry.key.value for entry in node.entries] == [key]


def _own_keys(node: Node | None) -> list[str]:
    return [entry.key.value for entry in node.entries if not entry.merged] if isinstance(node, Mapping) else []
