"""Items taken out of lists in compose files, by character spans."""

from __future__ import annotations

from docker_agent.project.compose import ComposeModel, node_at
from docker_agent.project.compose_nodes import Node, Sequence
from docker_agent.project.edit_spans import BY_HAND, Edit, KeyPath


def remove_item(model: ComposeModel, path: KeyPath, item: Node) -> Edit:
    """The edit that takes one item out of a list that keeps others: its whole lines in block style.

    Raises
    ------
    InputError: the item is not written in the list itself, or shares its line with something else.
    """
    found = (node_at(document.root, path) for document in model.documents if document.source.name == item.source.name)
    for sequence in found:
        if isinstance(sequence, Sequence):
            starts = [other.start for other in sequence.items]
            if item.start in starts and len(starts) > 1:
                return _removed(sequence, starts.index(item.start))
    raise item.source.error(item.start, "this item cannot be taken out alone.", BY_HAND)


def _removed(sequence: Sequence, index: int) -> Edit:
    source, text, item = sequence.source, sequence.source.text, sequence.items[index]
    if sequence.flow:
        if index + 1 < len(sequence.items):
            return Edit(source.name, item.start, sequence.items[index + 1].start, "")
        return Edit(source.name, sequence.items[index - 1].end, item.end, "")
    start = text.rfind("\n", 0, item.start) + 1
    end = text.find("\n", item.end)
    if text[start : item.start].strip() != "-":
        raise source.error(item.start, "this item shares its line with something else.", BY_HAND)
    if end >= 0:
        return Edit(source.name, start, end + 1, "")
    return Edit(source.name, start - 2 if text[:start].endswith("\r\n") else start - 1, len(text), "")
