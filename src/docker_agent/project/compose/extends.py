"""`extends`: services that take over another one, of the same file or of another, as Compose does it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from docker_agent.core.nearest import nearest
from docker_agent.core.record import field, record, replace
from docker_agent.project.compose.nodes import Entry, Mapping, Node, Scalar
from docker_agent.project.compose.notes import Notes
from docker_agent.project.compose.overlay import overlay
from docker_agent.project.compose.paths import is_remote, rebase_service

CODE = "include_extends"
MAX_DEPTH = 50

# The services of another file after interpolation; None where it could not be had, which is noted.
Borrow = Callable[[Path, Scalar], Mapping | None]


@record
class _Shelf:
    """Services of one file, and the folder that their paths start from."""

    file: Path
    directory: Path
    services: Mapping


@record
class Extending:
    """Follows the `extends` of one document's services; one that leads nowhere stays, so that the service says so."""

    borrow: Borrow
    notes: Notes
    done: dict[tuple[Path, str], Node] = field(default_factory=dict[tuple[Path, str], Node])

    def applied(self, root: Mapping, file: Path, directory: Path) -> Mapping:
        """The document with every service in full."""
        services = root.get("services")
        if not isinstance(services, Mapping) or not any(_extends(entry.value) for entry in services.entries):
            return root
        shelf = _Shelf(file, directory, services)
        full = [replace(entry, value=self._full(entry, shelf, ())) for entry in services.entries]
        return _with_value(root, "services", replace(services, entries=tuple(full)))

    def _full(self, entry: Entry, shelf: _Shelf, trail: tuple[tuple[Path, str], ...]) -> Node:
        node, here = entry.value, (shelf.file, entry.key.value)
        extends = _extends(node)
        if extends is None or not isinstance(node, Mapping):
            return node
        if here not in self.done:
            if here in trail:
                names = " > ".join(name for _, name in (*trail[trail.index(here) :], here))
                self.notes.wrong(CODE, extends.value.place, f"{here[1]} extends itself: {names}")
                return node
            if len(trail) > MAX_DEPTH:
                self.notes.wrong(CODE, extends.value.place, f"more than {MAX_DEPTH} services extend each other")
                return node
            self.done[here] = self._merged(node, extends, entry.key.value, shelf, (*trail, here))
        return self.done[here]

    def _merged(
        self, node: Mapping, extends: Entry, name: str, shelf: _Shelf, trail: tuple[tuple[Path, str], ...]
    ) -> Node:
        named, file = _reference(extends.value)
        if named is None or not named.value:
            self.notes.wrong(CODE, extends.value.place, f"{name} extends no service: name one")
            return node
        theirs = self._shelf(file, shelf) if file else shelf
        if theirs is None:
            return node
        base = theirs.services.index.get(named.value)
        if base is None:
            near = nearest(named.value, theirs.services.index)
            where = f" in {file.value}" if file else ""
            self.notes.wrong(CODE, named.place, f"{name} extends {named.value}, which is no service{where}", near)
            return node
        whole = self._full(base, theirs, trail)
        if not isinstance(whole, Mapping):
            return node
        moved = rebase_service(whole, os.path.relpath(theirs.directory, shelf.directory).replace(os.sep, "/"))
        own = replace(node, entries=tuple(entry for entry in node.entries if entry is not extends))
        return overlay(moved, own, ("services", name), self.notes.wrong)

    def _shelf(self, file: Scalar, shelf: _Shelf) -> _Shelf | None:
        if is_remote(file.value):
            self.notes.not_looked_at.append(f"what is extended from {file.value}, which is never fetched")
            return None
        path = Path(os.path.normpath(shelf.directory / file.value))
        root = self.borrow(path, file)
        if root is None:
            return None
        services = root.get("services")
        if not isinstance(services, Mapping):
            self.notes.wrong(CODE, file.place, f"{file.value} has no services to extend")
            return None
        return _Shelf(path, path.parent, services)


def _extends(node: Node) -> Entry | None:
    return node.index.get("extends") if isinstance(node, Mapping) else None


def _reference(node: Node) -> tuple[Scalar | None, Scalar | None]:
    """The service and the file that an `extends` names."""
    if isinstance(node, Scalar):
        return node, None
    named, file = (node.get("service"), node.get("file")) if isinstance(node, Mapping) else (None, None)
    return (
        named if isinstance(named, Scalar) else None,
        file if isinstance(file, Scalar) and file.plain is not None else None,
    )


def _with_value(root: Mapping, key: str, value: Node) -> Mapping:
    entries = tuple(replace(entry, value=value) if entry.key.value == key else entry for entry in root.entries)
    return replace(root, entries=entries)
