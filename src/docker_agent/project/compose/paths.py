"""Relative paths of extended and included files, as they read from the project directory."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from docker_agent.core.record import replace
from docker_agent.project.compose.nodes import Entry, Mapping, Node, Scalar, Sequence

Change = Callable[[Node], Node]

_REMOTE = ("git@", "git://", "ssh://", "github.com/", "oci://")


def is_remote(text: str) -> bool:
    """Whether Compose would fetch what this names, from a repository or a registry."""
    return text.startswith(_REMOTE) or (text.startswith(("http://", "https://")) and ".git" in text)


def rebase_model(root: Mapping, prefix: str) -> Mapping:
    """A whole model with its relative paths below a prefix, "." for none."""
    if prefix == ".":
        return root

    def joined(node: Node) -> Node:
        return _joined(node, prefix)

    def file_of(node: Node) -> Node:
        return _changed(node, {"file": joined})

    def bind(node: Node) -> Node:
        return _rebased_driver(node, joined)

    def service(node: Node) -> Node:
        return _changed(rebase_service(node, prefix), {"build": lambda build: _with_context(build, prefix)})

    each: dict[str, Change] = {"services": service, "secrets": file_of, "configs": file_of, "volumes": bind}
    found = _changed(root, {key: lambda node, change=change: _every(node, change) for key, change in each.items()})
    return found if isinstance(found, Mapping) else root


def rebase_service(node: Node, prefix: str) -> Node:
    """A service with its relative paths below a prefix, "." for none."""
    if prefix == ".":
        return node

    def joined(node: Node) -> Node:
        return _joined(node, prefix)

    def context(node: Node) -> Node:
        return node if isinstance(node, Scalar) and _is_elsewhere(node.value) else joined(node)

    def build(node: Node) -> Node:
        contexts: Change = lambda node: _every(node, context)  # noqa: E731
        return _changed(node, {"context": context, "additional_contexts": contexts}, otherwise=context)

    def env_file(node: Node) -> Node:
        return _every(node, lambda item: _changed(item, {"path": joined}, otherwise=joined), otherwise=joined)

    def mount(node: Node) -> Node:
        return _rebased_mount(node, joined)

    def watch(node: Node) -> Node:
        return _changed(node, {"watch": lambda items: _every(items, lambda item: _changed(item, {"path": joined}))})

    return _changed(
        node,
        {
            "build": build,
            "env_file": env_file,
            "label_file": env_file,
            "volumes": lambda items: _every(items, mount),
            "develop": watch,
        },
    )


def _with_context(node: Node, prefix: str) -> Node:
    """A build that says its context, which is the included file's folder by default."""
    if not isinstance(node, Mapping) or "context" in node.index:
        return node
    at = Scalar(node.source, node.start, node.start, "context", "context")
    entry = Entry(at, replace(at, value=f"./{prefix}", written=f"./{prefix}"))
    return replace(node, entries=(*node.entries, entry))


def _joined(node: Node, prefix: str) -> Node:
    if not isinstance(node, Scalar) or not node.value or node.value.startswith(("/", "~")):
        return node
    path = posixpath.normpath(posixpath.join(prefix, node.value))
    return replace(node, value=path if path.startswith(("/", "../")) or path == ".." else f"./{path}")


def _is_elsewhere(text: str) -> bool:
    return "://" in text or text.startswith(("git@", "github.com/", "service:"))


def _rebased_mount(node: Node, joined: Change) -> Node:
    if isinstance(node, Scalar):
        source, colon, rest = node.value.partition(":")
        if not colon or not source.startswith("."):
            return node
        moved = joined(replace(node, value=source))
        return replace(node, value=f"{moved.value}:{rest}") if isinstance(moved, Scalar) else node
    kind = node.get("type") if isinstance(node, Mapping) else None
    return _changed(node, {"source": joined}) if isinstance(kind, Scalar) and kind.value == "bind" else node


def _rebased_driver(node: Node, joined: Change) -> Node:
    options = node.get("driver_opts") if isinstance(node, Mapping) else None
    kind = options.get("o") if isinstance(options, Mapping) else None
    binds = isinstance(kind, Scalar) and "bind" in kind.value.split(",")
    return _changed(node, {"driver_opts": lambda node: _changed(node, {"device": joined})}) if binds else node


def _changed(node: Node, changes: dict[str, Change], otherwise: Change | None = None) -> Node:
    """A mapping with some of its values changed; what is no mapping is given to `otherwise`."""
    if not isinstance(node, Mapping):
        return otherwise(node) if otherwise else node
    entries = tuple(
        replace(entry, value=changes[entry.key.value](entry.value)) if entry.key.value in changes else entry
        for entry in node.entries
    )
    return replace(node, entries=entries)


def _every(node: Node, change: Change, otherwise: Change | None = None) -> Node:
    """A list or mapping with each of its values changed; a scalar is given to `otherwise`."""
    match node:
        case Mapping():
            return replace(node, entries=tuple(replace(entry, value=change(entry.value)) for entry in node.entries))
        case Sequence():
            return replace(node, items=tuple(change(item) for item in node.items))
        case Scalar():
            return otherwise(node) if otherwise else node
