"""Variables in a file's values: the same nodes with every template filled in, each unset name at its exact place."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Variables

from docker_agent.core.record import replace
from docker_agent.project.compose.nodes import Mapping, Node, Place, Scalar, Sequence
from docker_agent.project.interpolate import TemplateError, interpolate

Unset = Callable[[Place, str, bool, str], None]
Wrong = Callable[[Place, str], None]


def fill_variables(node: Node, variables: Variables[str, str], unset: Unset, wrong: Wrong) -> Node:
    """The same nodes with every value interpolated; shared nodes stay shared, so that aliases cost nothing.

    Parameters
    ----------
    unset: told of each variable without a value: its place, name, whether it is required, and the words for that.
    wrong: told of each value that is no valid template.
    """
    if "$" not in node.source.text:
        return node
    done: dict[int, Node] = {}

    def fill(node: Node) -> Node:
        if id(node) not in done:
            done[id(node)] = filled(node)
        return done[id(node)]

    def filled(node: Node) -> Node:
        match node:
            case Scalar():
                return _filled_scalar(node, variables, unset, wrong) if "$" in node.written else node
            case Mapping():
                values = [fill(entry.value) for entry in node.entries]
                if all(value is entry.value for value, entry in zip(values, node.entries, strict=True)):
                    return node
                pairs = zip(node.entries, values, strict=True)
                return replace(node, entries=tuple(replace(entry, value=value) for entry, value in pairs))
            case Sequence():
                items = tuple(fill(item) for item in node.items)
                same = all(item is old for item, old in zip(items, node.items, strict=True))
                return node if same else replace(node, items=items)

    return fill(node)


def _filled_scalar(node: Scalar, variables: Variables[str, str], unset: Unset, wrong: Wrong) -> Scalar:
    try:
        result = interpolate(node.written, variables)
    except TemplateError as error:
        wrong(_inner_place(node, error.start, len(node.written)), f"{error}")
        return node
    for reference in result.unset:
        place = _inner_place(node, reference.start, reference.end)
        unset(place, reference.name, reference.required, reference.message)
    return replace(node, value=result.text, unset=(*node.unset, *(reference.name for reference in result.unset)))


def _inner_place(node: Scalar, start: int, end: int) -> Place:
    """The exact range of a part of a value, or the whole value's where escapes or folding moved its characters."""
    written = node.source.text[node.start : node.end]
    part = node.written[start:end]
    before = node.written[:start].count(part)
    position = -1
    for _ in range(before + 1):
        position = written.find(part, position + 1)
        if position < 0:
            return node.place
    return node.source.place(node.start + position, node.start + position + len(part))
