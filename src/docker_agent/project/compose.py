"""The compose model: what the files of a stack say, typed, with the place of every value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

from docker_agent.core.errors import InputError
from docker_agent.project.compose_nodes import Entry, Node, Place, Scalar, Source, plain_value
from docker_agent.project.compose_nodes import Mapping as MappingNode
from docker_agent.project.compose_nodes import Sequence as SequenceNode
from docker_agent.project.compose_overlay import fill_variables, overlay
from docker_agent.project.compose_parse import parse_nodes, read_source
from docker_agent.project.compose_services import ServiceReader
from docker_agent.project.compose_types import Problem, Resource, Service, UnsetVariable
from docker_agent.project.compose_words import TOP_LEVEL
from docker_agent.project.disk import Disk

Step = str | int

Kind = Literal["network", "volume", "secret", "config"]

_DECLARED: tuple[Kind, ...] = ("network", "volume", "secret", "config")


@dataclass(frozen=True, eq=False)
class Document:
    """One YAML document of one file, as written: before interpolation and merging; edits are made from these."""

    source: Source
    root: MappingNode


@dataclass(frozen=True, eq=False)
class ComposeModel:
    """The merged model of one or more compose files.

    Attributes
    ----------
    root: the merged and interpolated nodes; whatever has no typed field is reached from here.
    documents: the files as written, in the order of merging.
    unset: variables without a value, each at its exact place.
    problems: what Compose would refuse, each at its place; the rest of the file is still read.
    not_looked_at: parts of the stack that this model does not hold, in words.
    directory: the project directory, which Compose resolves relative paths from.
    disk: the file system, None where it must not be asked.
    profiles: the profiles that are on, from COMPOSE_PROFILES.
    others: files that are no compose files and that a finding may point at, such as Dockerfiles, by name.
    """

    root: MappingNode
    documents: tuple[Document, ...]
    name: str = ""
    services: Mapping[str, Service] = field(default_factory=dict[str, Service])
    networks: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    volumes: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    secrets: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    configs: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    unset: tuple[UnsetVariable, ...] = ()
    problems: tuple[Problem, ...] = ()
    not_looked_at: tuple[str, ...] = ()
    directory: Path = Path()
    disk: Disk | None = None
    profiles: tuple[str, ...] = ()
    others: dict[str, Source] = field(default_factory=dict[str, Source], repr=False)

    def problems_of(self, code: str) -> list[Problem]:
        """The problems that one rule has the manual for."""
        return [problem for problem in self.problems if problem.code == code]

    def resolve(self, text: str) -> Path:
        """The path that a relative one of the files means."""
        return Path(os.path.normpath(self.directory / Path(text).expanduser()))

    def is_active(self, service: Service) -> bool:
        """Whether `up` starts the service without being asked for it: it has no profile, or one that is on."""
        return not service.profiles or "*" in self.profiles or any(name in self.profiles for name in service.profiles)

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The files by their name relative to the project's folder."""
        return {document.source.name: document.source for document in self.documents}

    def source(self, name: str) -> Source:
        """The text of a file that a finding points at."""
        return self.others[name] if name in self.others else self.sources[name]

    def node(self, path: Sequence[Step]) -> Node | None:
        """The node at a path of keys and list positions; in lists of KEY=VALUE a key finds its entry."""
        return node_at(self.root, path)

    def value(self, path: Sequence[Step]) -> Any:
        """The value at a path as plain data, None where nothing is there."""
        return plain_value(self.node(path))

    def place(self, path: Sequence[Step]) -> Place:
        """Where the value at a path is written, or where the nearest thing above it is named."""
        found = self.node(path)
        return found.place if found is not None else self.key_place(path)

    def line_at(self, place: Place) -> str:
        """The line of text that a place is on, without the spaces around it."""
        return self.source(place.file).text.split("\n")[place.line - 1].strip()

    def key_place(self, path: Sequence[Step]) -> Place:
        """Where the key at a path is written, or that of the nearest thing above it that is there."""
        for length in range(len(path), 0, -1):
            above, last = node_at(self.root, path[: length - 1]), path[length - 1]
            if isinstance(above, MappingNode) and isinstance(last, str) and last in above.index:
                return above.index[last].key.place
            found = node_at(self.root, path[:length])
            if found is not None:
                return found.place
        return self.root.place


def node_at(root: Node, path: Sequence[Step]) -> Node | None:
    """The node at a path below another, None where there is none."""
    node: Node | None = root
    for step in path:
        if isinstance(node, MappingNode) and isinstance(step, str):
            node = node.get(step)
        elif isinstance(node, SequenceNode):
            node = _item(node, step)
        else:
            return None
    return node


def _item(node: SequenceNode, step: Step) -> Node | None:
    if isinstance(step, int):
        return node.items[step] if -len(node.items) <= step < len(node.items) else None
    named = (item for item in node.items if isinstance(item, Scalar) and item.value.partition("=")[0] == step)
    return next(named, None)


def load(
    files: Sequence[Path],
    *,
    read: Callable[[Path], bytes],
    variables: Mapping[str, str],
    root: Path | None = None,
    disk: Disk | None = None,
) -> ComposeModel:
    """Read compose files and lay each over the one before.

    Parameters
    ----------
    read: gives a file's bytes; its InputError passes through.
    variables: what `${NAME}` may be; `.env` files are the caller's to read.
    root: the folder that file names are shown relative to; the first file's folder by default.
    disk: the file system for rules that ask about it.

    Raises
    ------
    InputError: no file, not UTF-8, not YAML, an empty file, something else than a mapping at the top. Lesser faults are
        `problems` of the model.
    """
    if not files:
        raise InputError("No compose file was named.", "Name one, such as compose.yaml.")
    home = root or files[0].parent
    documents = [document for file in files for document in _documents(file, home, read)]
    unset: list[UnsetVariable] = []
    reader = ServiceReader()
    filled = [
        fill_variables(
            document.root,
            variables,
            lambda place, name, required, words: unset.append(UnsetVariable(place, name, required, words)),
            reader.wrong,
        )
        for document in documents
    ]
    merged = filled[0]
    for upper in filled[1:]:
        merged = overlay(merged, upper)
    if any("!reset" in document.source.text for document in documents):
        merged = _without_resets(merged)
    model = _model(cast("MappingNode", merged), tuple(documents), tuple(unset), reader)
    profiles = tuple(name for name in variables.get("COMPOSE_PROFILES", "").split(",") if name)
    return replace(model, directory=files[0].parent, disk=disk, profiles=profiles)


def _documents(file: Path, home: Path, read: Callable[[Path], bytes]) -> list[Document]:
    name = os.path.relpath(file, home).replace(os.sep, "/")
    source = read_source(file, name, read(file))
    found = parse_nodes(source)
    if not found:
        raise InputError(f"{name}:1:1: the file is empty.", "Add services, or name another file.")
    documents: list[Document] = []
    for node in found:
        if not isinstance(node, MappingNode):
            raise source.error(node.start, "a compose file is a mapping at the top.", 'Start it with "services:".')
        documents.append(Document(source, node))
    return documents


def _without_resets(node: Node) -> Node:
    match node:
        case MappingNode():
            kept = [entry for entry in node.entries if entry.value.tag != "!reset"]
            return replace(node, entries=tuple(replace(entry, value=_without_resets(entry.value)) for entry in kept))
        case SequenceNode():
            return replace(node, items=tuple(_without_resets(item) for item in node.items if item.tag != "!reset"))
        case Scalar():
            return node


def _model(
    root: MappingNode, documents: tuple[Document, ...], unset: tuple[UnsetVariable, ...], reader: ServiceReader
) -> ComposeModel:
    for entry in root.entries:
        key = entry.key.value
        if key not in TOP_LEVEL and not key.startswith("x-"):
            near = (get_close_matches(key, TOP_LEVEL, n=1) or [""])[0]
            reader.wrong(entry.key.place, f'a compose file has no "{key}" at the top', near)
    read = (reader.service(entry) for entry in _entries(root, "services", reader))
    services = [service for service in read if service]
    declared: dict[Kind, dict[str, Resource]] = {
        kind: {entry.key.value: _resource(kind, entry, reader) for entry in _entries(root, f"{kind}s", reader)}
        for kind in _DECLARED
    }
    if "include" not in root.index:
        _check_references(services, declared, reader)
    name = root.get("name")
    return ComposeModel(
        root=root,
        documents=documents,
        name=name.value if isinstance(name, Scalar) else "",
        services={service.name: service for service in services},
        networks=declared["network"],
        volumes=declared["volume"],
        secrets=declared["secret"],
        configs=declared["config"],
        unset=unset,
        problems=tuple(reader.problems),
        not_looked_at=_not_looked_at(root, services),
    )


def _entries(root: MappingNode, key: str, reader: ServiceReader) -> tuple[Entry, ...]:
    node = root.get(key)
    if isinstance(node, MappingNode):
        return node.entries
    if plain_value(node) is not None:
        reader.wrong(root.index[key].key.place, f"{key} must be a mapping")
    return ()


def _resource(kind: Kind, entry: Entry, reader: ServiceReader) -> Resource:
    key, place, node = entry.key.value, entry.key.place, entry.value
    if not isinstance(node, MappingNode):
        if plain_value(node) is not None:
            reader.wrong(node.place, f"{kind}s.{key} must be a mapping")
        return Resource(kind, key, place)
    external = node.get("external")
    named = external.get("name") if isinstance(external, MappingNode) else node.get("name")
    return Resource(
        kind=kind,
        key=key,
        place=place,
        name=str(plain_value(named) or ""),
        external=bool(plain_value(external)),
        driver=str(plain_value(node.get("driver")) or ""),
        file=str(plain_value(node.get("file")) or ""),
        labels=reader.pairs(node.get("labels")),
    )


def _check_references(
    services: Sequence[Service], declared: Mapping[Kind, Mapping[str, Resource]], reader: ServiceReader
) -> None:
    names = {service.name for service in services}
    for service in services:
        volumes = [mount.source for mount in service.mounts if mount.kind == "volume" and mount.source]
        used: tuple[tuple[Kind, Sequence[str]], ...] = (
            ("network", [name for name in service.networks if name != "default"]),
            ("volume", volumes),
            ("secret", service.secrets),
            ("config", service.configs),
        )
        for kind, keys in used:
            for key in keys:
                if key and "$" not in key and key not in declared[kind]:
                    near = (get_close_matches(key, declared[kind], n=1) or [""])[0]
                    reader.wrong(service.place, f"{service.name} uses the {kind} {key}, which is not declared", near)
        for dependency in service.depends_on:
            if dependency.required and dependency.service not in names:
                near = (get_close_matches(dependency.service, names, n=1) or [""])[0]
                reader.wrong(
                    service.place, f"{service.name} depends on {dependency.service}, which is no service", near
                )


def _not_looked_at(root: MappingNode, services: Sequence[Service]) -> tuple[str, ...]:
    missing = ["the files that include: names"] if "include" in root.index else []
    missing += [f"what {service.name} inherits by extends" for service in services if service.extends]
    return tuple(missing)
