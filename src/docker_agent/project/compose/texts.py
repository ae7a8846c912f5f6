"""What a node says as text: one scalar, a list of them, pairs of KEY=VALUE."""

from __future__ import annotations

from docker_agent.project.compose.nodes import Mapping, Node, Plain, Scalar, Sequence


def text(node: Node | None) -> str:
    """A scalar's text, "" where there is none or nothing in it."""
    return node.value if isinstance(node, Scalar) and node.plain is not None else ""


def typed(node: Scalar) -> Plain:
    """A scalar as Compose's parser types it: what a variable is written in is text, whatever it stands for."""
    return node.value if "$" in node.written else node.plain


def optional(node: Node) -> str | None:
    """A scalar's text, None for null and for collections."""
    return node.value if isinstance(node, Scalar) and node.plain is not None else None


def texts(node: Node | None) -> tuple[str, ...]:
    """The scalars of a list, or the one scalar that stands for a list of one."""
    if isinstance(node, Sequence):
        return tuple(item.value for item in node.items if isinstance(item, Scalar))
    return (node.value,) if isinstance(node, Scalar) else ()


def scalars(node: Node | None) -> tuple[Scalar, ...]:
    """The same as nodes."""
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(item for item in items if isinstance(item, Scalar))


def names(node: Node | None) -> tuple[str, ...]:
    """The keys of a mapping, or the items of a list."""
    return tuple(node.index) if isinstance(node, Mapping) else texts(node)


def sources(node: Node | None) -> tuple[str, ...]:
    """What the entries of `secrets` or `configs` of a service name."""
    items = node.items if isinstance(node, Sequence) else ()
    return tuple(text(item.get("source")) if isinstance(item, Mapping) else text(item) for item in items)


def mapping(node: Node | None) -> dict[str, Node]:
    """A mapping's values by key, empty for anything else."""
    return {entry.key.value: entry.value for entry in node.entries} if isinstance(node, Mapping) else {}


def sequence(node: Node | None) -> tuple[Node, ...]:
    """A list's items, empty for anything else."""
    return node.items if isinstance(node, Sequence) else ()


def pairs(node: Node | None, separators: str = "=") -> dict[str, str | None]:
    """A list of KEY=VALUE or a mapping as pairs; a key without a value has None.

    Parameters
    ----------
    separators: what may stand between key and value; the first of them that is there does.
    """
    if isinstance(node, Mapping):
        return {entry.key.value: optional(entry.value) for entry in node.entries}
    found: dict[str, str | None] = {}
    for item in scalars(node) if isinstance(node, Sequence) else ():
        separator = next((each for each in separators if each in item.value), "=")
        key, equals, value = item.value.partition(separator)
        found[key] = value if equals else None
    return found


def has_unset(node: Node | None) -> bool:
    """Whether something of a node hangs on a variable that nothing sets."""
    match node:
        case None:
            return False
        case Scalar():
            return bool(node.unset)
        case Sequence():
            return any(has_unset(item) for item in node.items)
        case Mapping():
            return any(has_unset(entry.value) for entry in node.entries)


def unset_words(node: Node) -> str:
    """What to add to a complaint about a scalar that hangs on variables without a value."""
    return because_unset(node.unset) if isinstance(node, Scalar) else ""


def because_unset(names: tuple[str, ...]) -> str:
    """The same for the variables by name."""
    return f", because {' and '.join(names)} {'has' if len(names) == 1 else 'have'} no value" if names else ""
