"""What the files say under a service's keys, item by item, and which of it hangs on a variable that nothing sets."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.project.compose.model import ComposeModel, node_at
from docker_agent.project.compose.nodes import Mapping, Node, Place, Scalar, Sequence
from docker_agent.project.compose.types import Service

_PAIRS = (("environment",), ("labels",), ("build", "args"), ("build", "labels"))


def known_item(service: Service, *path: str) -> Scalar | None:
    """The scalar at a path of keys below a service, None where there is none or its value is not known."""
    node: Node | None = service.raw
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    known = isinstance(node, Scalar) and node.plain is not None and not node.unset
    return node if known and isinstance(node, Scalar) else None


def known_items(service: Service, key: str) -> Iterator[Scalar]:
    """The scalars of a list, or the one that stands for a list of one; those of unknown value are left out."""
    node = service.raw.get(key)
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Scalar) and item.plain is not None and not item.unset:
            yield item


def written_pairs(service: Service) -> Iterator[tuple[str, Scalar]]:
    """Each key of environment, labels and build arguments with its value; none of lists of KEY=VALUE."""
    for path in _PAIRS:
        node = service.raw.get(path[0])
        if len(path) > 1:
            node = node.get(path[1]) if isinstance(node, Mapping) else None
        if isinstance(node, Mapping):
            for entry in node.entries:
                if isinstance(entry.value, Scalar):
                    yield entry.key.value, entry.value


def place_of(service: Service, key: str) -> Place:
    """Where a service has a key, or its name where it has none."""
    entry = service.raw.index.get(key)
    return entry.key.place if entry else service.place


def has_unknown(service: Service, key: str) -> bool:
    """Whether something of a key's value hangs on a variable that nothing sets."""
    node = service.raw.get(key)
    items = node.items if isinstance(node, Sequence) else (node,)
    return any(isinstance(item, Scalar) and bool(item.unset) for item in items)


def is_derived(model: ComposeModel, service: Service) -> bool:
    """Whether a service extends another one of the same files.

    What is added to that one reaches this one too; added to both, it is there twice, which Compose refuses in lists.
    """
    for document in model.documents:
        extends = node_at(document.root, ("services", service.name, "extends"))
        named = extends.get("service") if isinstance(extends, Mapping) and "file" not in extends.index else extends
        if isinstance(named, Scalar) and named.value in model.services:
            return True
    return False
