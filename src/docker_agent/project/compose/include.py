"""`include`: what other compose files add to one, each read with its own folder and `.env`, as Compose does it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Variables
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.record import record, replace
from docker_agent.project.compose.nodes import Entry, Mapping, Node, Scalar, Sequence, plain_value
from docker_agent.project.compose.notes import Notes, Read
from docker_agent.project.compose.paths import is_remote, rebase_model
from docker_agent.project.dotenv import parse_dotenv

CODE = "include_extends"
MAX_DEPTH = 50

_LEFT_OUT = {"name", "version", "include"}

# Keys whose short form Compose has already written out in what is included, but not in the file that includes it.
_WRITTEN_OUT = ("build", "configs", "depends_on", "devices", "env_file", "networks", "ports", "secrets", "volumes")


@record
class Reach:
    """From where something is read: the folder that paths start from, what variables are, and what led there."""

    directory: Path
    variables: Variables[str, str]
    trail: tuple[Path, ...] = ()


# The model of some files laid over each other; None where the first of them has nothing.
Merge = Callable[[list[tuple[Path, Scalar]], Reach], Mapping | None]


@record
class Including:
    """Follows the `include` of one document."""

    merge: Merge
    read: Read
    home: Path
    notes: Notes

    def applied(self, root: Mapping, reach: Reach) -> Mapping:
        """The document with what it includes; the key stays where something was not looked at."""
        include = root.index.get("include")
        if include is None:
            return root
        if not isinstance(include.value, Sequence):
            if plain_value(include.value) is not None:
                self.notes.wrong(CODE, include.value.place, "include must be a list")
            return _without(root, include)
        whole = True
        for item in include.value.items:
            added, looked = self._included(item, reach)
            whole = whole and looked
            root = self._with(root, added, item) if added else root
        return _without(root, include) if whole else root

    def _included(self, item: Node, reach: Reach) -> tuple[Mapping | None, bool]:
        """What one item adds, and whether that is all of it."""
        said = item.get("path") if isinstance(item, Mapping) else item
        env_file = item.get("env_file") if isinstance(item, Mapping) else None
        if not isinstance(item, Sequence) and plain_value(said) in (None, []) and plain_value(env_file) in (None, []):
            return None, True  # Compose takes an entry without a path for nothing
        paths = [path for path in _texts(said) if path.value]
        if not paths or any(not isinstance(path.plain, str) for path in paths):
            self.notes.wrong(CODE, item.place, "include names no file here")
            return None, True
        remote = [path.value for path in paths if is_remote(path.value)]
        if remote:
            self.notes.not_looked_at += [f"what include names at {name}, which is never fetched" for name in remote]
            return None, False
        files = [Path(os.path.normpath(reach.directory / path.value)) for path in paths]
        if files[0] in reach.trail:
            names = [*reach.trail[reach.trail.index(files[0]) :], files[0]]
            said = " > ".join(os.path.relpath(name, self.home) for name in names)
            self.notes.wrong(CODE, paths[0].place, f"{paths[0].value} includes itself: {said}")
            return None, True
        if len(reach.trail) > MAX_DEPTH:
            self.notes.wrong(CODE, paths[0].place, f"more than {MAX_DEPTH} files include each other")
            return None, True
        named = item.get("project_directory") if isinstance(item, Mapping) else None
        given = named.value if isinstance(named, Scalar) and named.plain is not None else ""
        directory = Path(os.path.normpath(reach.directory / given)) if given else files[0].parent
        variables = self._variables(item, reach, directory)
        added = self.merge(list(zip(files, paths, strict=True)), Reach(directory, variables, reach.trail))
        prefix = os.path.relpath(directory, reach.directory).replace(os.sep, "/")
        return (rebase_model(added, prefix), "include" not in added.index) if added else (None, False)

    def _variables(self, item: Node, reach: Reach, directory: Path) -> dict[str, str]:
        """What `${NAME}` is inside; the including file's own variables win."""
        found: dict[str, str] = {}
        named = list(_texts(item.get("env_file"))) if isinstance(item, Mapping) else []
        paths = [(Path(os.path.normpath(reach.directory / file.value)), file.place) for file in named]
        for path, place in paths or [(directory / ".env", None)]:
            self.notes.further.append(path)
            try:
                data = self.read(path)
            except InputError:
                if place is not None:
                    name = os.path.relpath(path, self.home)
                    self.notes.wrong("env_file_missing", place, f"{name} is named by include, but it cannot be read")
                continue
            try:
                name = os.path.relpath(path, self.home).replace(os.sep, "/")
                found |= parse_dotenv(data, name, {**found, **reach.variables})
            except InputError as error:
                self.notes.wrong("env_file_missing", place or item.place, error.message.rstrip("."))
        return {**found, **reach.variables}

    def _with(self, root: Mapping, added: Mapping, item: Node) -> Mapping:
        for kind, entry in added.index.items():
            theirs, own = entry.value, root.get(kind)
            if kind in _LEFT_OUT or kind.startswith("x-"):
                continue
            if not isinstance(theirs, Mapping):
                self.notes.wrong("schema", entry.key.place, f"{kind} must be a mapping")
                continue
            if own is None:
                root = replace(root, entries=(*root.entries, entry))
            elif isinstance(own, Mapping):
                merged = (*own.entries, *self._new(kind, own, theirs, item))
                root = _with_value(root, kind, replace(own, entries=merged))
        return root

    def _new(self, kind: str, own: Mapping, theirs: Mapping, item: Node) -> Iterator[Entry]:
        for entry in theirs.entries:
            known = own.index.get(entry.key.value)
            if known is None:
                yield entry
            elif not _is_same(known.value, entry.value):
                place = known.key.place if known.key.source is item.source else item.place
                where = entry.key.place
                said = f"{kind}.{entry.key.value} is also declared by the included {where.file}:{where.line}"
                self.notes.wrong(CODE, place, f"{said}, and not alike")


def _is_same(own: Node, included: Node) -> bool:
    """Whether Compose takes two declarations for one: it compares an included service written out in full."""
    if plain_value(own) != plain_value(included):
        return False
    if own.source is not included.source and isinstance(own, Mapping):
        return not any(_is_short(own.get(key)) for key in _WRITTEN_OUT)
    return True


def _is_short(node: Node | None) -> bool:
    return isinstance(node, Scalar) or (isinstance(node, Sequence) and any(isinstance(i, Scalar) for i in node.items))


def _texts(node: Node | None) -> Iterator[Scalar]:
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Scalar) and item.plain is not None:
            yield item


def _with_value(root: Mapping, key: str, value: Node) -> Mapping:
    entries = tuple(replace(entry, value=value) if entry.key.value == key else entry for entry in root.entries)
    return replace(root, entries=entries)


def _without(root: Mapping, entry: Entry) -> Mapping:
    return replace(root, entries=tuple(each for each in root.entries if each is not entry))
