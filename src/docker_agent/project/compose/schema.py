"""The schema of the Compose Specification, held against nodes: what it does not allow, each at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from docker_agent.core.nearest import nearest
from docker_agent.project.compose.nodes import Entry, Mapping, Node, Place, Plain, Scalar, Sequence, is_date
from docker_agent.project.compose.shapes import Shape, compose_shape
from docker_agent.project.compose.texts import typed, unset_words
from docker_agent.project.compose.values import read_duration

Report = Callable[[str, Place, str, str], None]

# Words that versions of the specification after the one of Docker Compose 2.40.3 have added.
NEWER = {
    "jobs",
    "pre_start",
    "no_cache_filter",
    "umask",
    "per_replica",
    "use_service_name_alias",
    "schedule",
    "timezone",
}

_TIMESTAMP = r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt ]\d\d?:\d\d?:\d\d?(?:\.\d*)?(?:[Zz]|[-+]\d\d?:\d\d)?)?"
_STARTS = frozenset("0123456789.+-")
_NOT_FINITE = {".inf", ".Inf", ".INF", "+.inf", "-.inf", ".nan", ".NaN", ".NAN"}
_WORDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}


def check_schema(root: Mapping, report: Report) -> None:
    """Report what of a file the schema does not allow.

    Parameters
    ----------
    report: told of each fault: code, place, what is wrong, the nearest word that is right.
    """
    _Walk(report).check(root, compose_shape(), None)


class _Walk:
    """One walk over the nodes of a file."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.path: list[str] = []

    def check(self, node: Node, shape: Shape, key: Scalar | None) -> None:
        """Hold a node against a shape; `key` is what the node stands under."""
        if isinstance(node, Scalar):
            self._scalar(node, shape, key)
            return
        kind = "object" if isinstance(node, Mapping) else "array"
        branch = shape.branch(kind) if kind in shape.types else None
        if branch is None:
            self._mistyped(node, shape, key)
        elif isinstance(node, Mapping):
            self._mapping(node, branch, key)
        else:
            self._sequence(node, branch)

    def _mapping(self, node: Mapping, shape: Shape, key: Scalar | None) -> None:
        for entry in node.entries:
            name = entry.key.value
            below = shape.of(name)
            if entry.value.start == entry.key.start:
                continue  # an item of a list that merging made a key of
            if below is not None:
                self.path.append(name)
                self.check(entry.value, below, entry.key)
                self.path.pop()
            elif shape.closed and not (shape.extensible and name.startswith("x-")):
                self._unknown(entry, shape)
        for name in shape.said.get("required") or ():
            if name not in node.index:
                self.report("schema", key.place if key else node.place, f'{self._name()} lacks "{name}"', "")

    def _sequence(self, node: Sequence, shape: Shape) -> None:
        if shape.items is not None:
            for number, item in enumerate(node.items):
                self.path.append(str(number))
                self.check(item, shape.items, None)
                self.path.pop()
        if shape.unique:
            seen: set[Plain] = set()
            for item in node.items:
                value = typed(item) if isinstance(item, Scalar) else None
                if value is not None and value in seen:
                    self.report("schema", item.place, f"{self._name()} has {value} twice", "")
                seen.add(value)

    def _scalar(self, node: Scalar, shape: Shape, key: Scalar | None) -> None:
        value = typed(node)
        if is_date(node):
            self.report("schema", node.place, f"{self._name()} is a date; put {node.value} in quotes", "")
            return
        try:
            if shape.cast is not None and isinstance(value, str) and value not in _NOT_FINITE:
                value = shape.cast(value)
            kind = kind_of(value, node)
            branch = shape.branch(kind) if kind in shape.types else None
            if branch is None:
                self._mistyped(node, shape, key)
                return
            if shape.decoded is not None and isinstance(value, str) and kind == "string":
                shape.decoded(value)
        except ValueError as error:
            self.report("bad_scalar", node.place, f"{self._name()}: {error}{unset_words(node)}", "")
            return
        for words, near in _faults(value, branch.said):
            self.report(_code(branch), node.place, f"{self._name()} {words}{unset_words(node)}", near)

    def _mistyped(self, node: Node, shape: Shape, key: Scalar | None) -> None:
        kinds = shape.types - {"integer"} if "number" in shape.types else shape.types
        kinds -= {"whole"}
        if shape.cast is not None and len(kinds) > 1:
            kinds -= {"string"}
        wanted = _listed([word for kind, word in _WORDS.items() if kind in kinds])
        empty = isinstance(node, Scalar) and typed(node) is None
        hint = ""
        if empty:
            hint = ", and it is empty"
        elif isinstance(node, Scalar) and (set(kinds) == {"string"} or _is_timestamp(node.value)):
            hint = f"; write {node.value}s" if _lacks_unit(node, shape) else f"; put {node.value} in quotes"
        place = key.place if empty and key is not None else node.place
        self.report("schema", place, f"{self._name()} must be {wanted}{hint}", "")

    def _unknown(self, entry: Entry, shape: Shape) -> None:
        name = entry.key.value
        if shape.patterns:
            self.report("schema", entry.key.place, f'{self._name()} cannot have the name "{name}"', "")
            return
        near = nearest(name, shape.words)
        words = f'{self._name()} has no "{name}"' if self.path else f'a compose file has no "{name}" at the top'
        if name in NEWER:
            words, near = f"{words} before versions of Docker Compose newer than 2.40", ""
        self.report("schema", entry.key.place, words, near)

    def _name(self) -> str:
        return ".".join(self.path) or "a compose file"


def kind_of(value: Plain, node: Scalar) -> str:
    """A value's type in the words of JSON Schema; also whole, for 2.0, and timestamp, which no place takes."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return _kind_of_text(value) if value[:1] in _STARTS and not node.style and not node.tag else "string"
        case int():
            return "integer"
        case float():
            return "whole" if value.is_integer() else "number"


def _kind_of_text(value: str) -> str:
    if value in _NOT_FINITE:
        return "number"
    return "timestamp" if _is_timestamp(value) else "string"


def _lacks_unit(node: Scalar, shape: Shape) -> bool:
    """Whether a number stands for a duration, which Compose refuses without a unit also in quotes."""
    if shape.decoded is not read_duration or kind_of(typed(node), node) not in {"number", "integer", "whole"}:
        return False
    try:
        read_duration(node.value)
    except ValueError:
        return True
    return False


def _is_timestamp(value: str) -> bool:
    match = re.fullmatch(_TIMESTAMP, value) if value[4:5] == "-" else None
    if match is None:
        return False
    try:
        date(*map(int, match.groups()))
    except ValueError:
        return False
    return True


def _code(shape: Shape) -> str:
    return "container_name_syntax" if shape.path[-1] == "container_name" else "schema"


def _faults(value: Plain, said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    allowed: list[str] = said.get("enum") or []
    if allowed and value not in allowed:
        near = nearest(str(value), allowed)
        yield f"is {value or 'empty'}, but must be {_listed(allowed)}", near
    if isinstance(value, str) and "pattern" in said and not re.search(said["pattern"], value):
        yield f'is "{value}", which does not match {said["pattern"]}', ""
    if isinstance(value, int | float):
        low, high = said.get("minimum"), said.get("maximum")
        if low is not None and value < low:
            yield f"is {value}, the least is {low}", ""
        if high is not None and value > high:
            yield f"is {value}, the most is {high}", ""


def _listed(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
