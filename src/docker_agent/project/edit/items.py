"""Single values in compose files: items of lists added and taken out, scalars replaced and quoted."""

from __future__ import annotations

from docker_agent.project.compose.model import ComposeModel, node_at
from docker_agent.project.compose.nodes import Node, Scalar, Sequence, plain_value
from docker_agent.project.edit.render import Value, render_scalar
from docker_agent.project.edit.spans import BY_HAND, Edit, KeyPath, append_value, remove_part
from docker_agent.project.edit.values import set_value


def append_item(model: ComposeModel, path: KeyPath, value: Value) -> list[Edit]:
    """The edits that add an item to a list, in the last file that has it; a list that is not there is made.

    Raises
    ------
    InputError: the place is shared by an anchor, or the edit would change anything else.
    """
    lists = [node for document in model.documents if isinstance(node := node_at(document.root, path), Sequence)]
    if not lists:
        return set_value(model, path, [value])
    if any(plain_value(item) == value for sequence in lists for item in sequence.items):
        return []
    if not lists[-1].items:
        return set_value(model, path, [value])
    return [append_value(lists[-1].source, lists[-1], value)]


def remove_item(model: ComposeModel, path: KeyPath, item: Node) -> Edit:
    """The edit that takes one item out of a list that keeps others: its whole lines in block style, comments kept.

    Raises
    ------
    InputError: the item is not written in the list itself, or is all that the list has.
    """
    found = (node_at(document.root, path) for document in model.documents if document.source.name == item.source.name)
    for sequence in found:
        if isinstance(sequence, Sequence):
            parts = [(other.start, other.end) for other in sequence.items]
            place = next((place for place, part in enumerate(parts) if part == (item.start, item.end)), None)
            if place is not None and len(parts) > 1:
                return remove_part(sequence, parts, place, (sequence.items[place],))
    raise item.source.error(item.start, "this item cannot be taken out alone.", BY_HAND)


def replace_scalar(node: Scalar, text: str) -> list[Edit]:
    """The edits that give a scalar another text, in the quotes that it has; none where it says that already."""
    if node.written == text:
        return []
    quote = node.style if node.style in {"'", '"'} else ""
    return [Edit(node.source.name, node.start, node.end, render_scalar(text, quote))]
