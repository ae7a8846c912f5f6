"""The compose model: what the files of a stack say, typed, with the place of every value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from docker_agent.core.errors import InputError
from docker_agent.core.record import field, record, replace
from docker_agent.project.compose.casts import flag
from docker_agent.project.compose.env_files import env_file_problems
from docker_agent.project.compose.include import Reach
from docker_agent.project.compose.layers import Layers
from docker_agent.project.compose.nodes import Entry, Node, Place, Scalar, Source, plain_value
from docker_agent.project.compose.nodes import Mapping as MappingNode
from docker_agent.project.compose.nodes import Sequence as SequenceNode
from docker_agent.project.compose.notes import Document, Notes
from docker_agent.project.compose.parse import Unreadable
from docker_agent.project.compose.schema import check_schema
from docker_agent.project.compose.services import ServiceReader
from docker_agent.project.compose.template import ANY, is_set_by, platform_of
from docker_agent.project.compose.texts import pairs, text
from docker_agent.project.compose.types import Problem, Resource, Service, UnsetVariable
from docker_agent.project.disk import Disk
from docker_agent.project.engine_state import EngineState

Step = str | int

Kind = Literal["network", "volume", "secret", "config"]

_DECLARED: tuple[Kind, ...] = ("network", "volume", "secret", "config")
_SECTIONS = {"name", "version", "include", "services", "networks", "volumes", "secrets", "configs", "models"}


@record
class ComposeModel:
    """The merged model of one or more compose files.

    Attributes
    ----------
    root: the merged and interpolated nodes; whatever has no typed field is reached from here.
    documents: the files as written, in the order of merging, with those that they include.
    borrowed: files that only lend services by `extends`.
    further: other files that were read or looked for on the way.
    unset: variables without a value, each at its exact place.
    problems: what Compose would refuse, each at its place; the rest of the file is still read.
    not_looked_at: parts of the stack that this model does not hold, in words.
    directory: the project directory, which Compose resolves relative paths from.
    disk: the file system, None where it must not be asked.
    engine: what the engine holds, None where it was not asked.
    profiles: the profiles that are on, from COMPOSE_PROFILES.
    template: the platform that fills the files in, "any" for one that was not named, "" for none.
    others: files that are no compose files and that a finding may point at, such as Dockerfiles, by name.
    """

    root: MappingNode
    documents: tuple[Document, ...]
    borrowed: tuple[Document, ...] = ()
    name: str = ""
    services: Mapping[str, Service] = field(default_factory=dict[str, Service])
    networks: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    volumes: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    secrets: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    configs: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    unset: tuple[UnsetVariable, ...] = ()
    problems: tuple[Problem, ...] = ()
    not_looked_at: tuple[str, ...] = ()
    further: tuple[Path, ...] = ()
    directory: Path = Path()
    disk: Disk | None = None
    engine: EngineState | None = None
    profiles: tuple[str, ...] = ()
    template: str = ""
    others: dict[str, Source] = field(default_factory=dict[str, Source], repr=False)

    def problems_of(self, code: str) -> list[Problem]:
        """The problems that one rule has the manual for."""
        return [problem for problem in self.problems if problem.code == code]

    def resolve(self, text: str) -> Path:
        """The path that a relative one of the files means."""
        return Path(os.path.normpath(self.directory / os.path.expanduser(text)))  # noqa: PTH111 - its own raises for ~nobody

    def is_active(self, service: Service) -> bool:
        """Whether `up` starts the service without being asked for it: it has no profile, or one that is on."""
        return not service.profiles or "*" in self.profiles or any(name in self.profiles for name in service.profiles)

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The files by their name relative to the project's folder."""
        return {document.source.name: document.source for document in (*self.documents, *self.borrowed)}

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
    strict: bool = True,
    template: bool | None = None,
) -> ComposeModel:
    """Read compose files and lay each over the one before.

    Parameters
    ----------
    read: gives a file's bytes; its InputError passes through.
    variables: what `${NAME}` may be; `.env` files are the caller's to read.
    root: the folder that file names are shown relative to; the first file's folder by default.
    disk: the file system for rules that ask about it.

    strict: a file that gives no nodes is an error; otherwise it is a problem of a model that may be empty.
    template: whether somebody else sets the variables, and fills in what stands in double braces; None recognises the
        platforms that give themselves away by their variables.

    Raises
    ------
    InputError: no file; and if strict, not UTF-8, not YAML, an empty file, something else than a mapping at the top.
        Lesser faults are `problems` of the model.
    """
    if not files:
        raise InputError("No compose file was named.", "Name one, such as compose.yaml.")
    layers = Layers(read, root or files[0].parent, strict, bool(template))
    directory = files[0].parent
    merged = layers.merged([(file, None) for file in files], Reach(directory, variables))
    notes = layers.notes
    source = notes.documents[0].source
    merged = merged or MappingNode(source, 0, 0, ())
    if not merged.entries and all(problem.code == "services_missing" for problem in notes.problems):
        if strict:
            raise Unreadable(
                "services_missing", source, 0, ("the file is empty", "Add services, or name another file.")
            )
        if not notes.problems:
            notes.wrong("services_missing", source.place(0, 0), "the file is empty")
    _note_old_format(merged, notes)
    model = replace(
        _model(merged, notes),
        directory=directory,
        disk=disk,
        profiles=tuple(name.strip() for name in variables.get("COMPOSE_PROFILES", "").split(",") if name.strip()),
    )
    return _with_env_files(_filled_in(model, template), variables)


def _note_old_format(root: MappingNode, notes: Notes) -> None:
    """Note a file that has its services at the top, as the first version of the format did."""
    for entry in root.entries if "services" not in root.index else ():
        words = entry.value.index if isinstance(entry.value, MappingNode) else {}
        if entry.key.value not in _SECTIONS and words.keys() & {"image", "build"}:
            message = f"{entry.key.value} stands at the top, where the services: of the file should be"
            notes.wrong("services_missing", entry.key.place, message)
            return


def _with_env_files(model: ComposeModel, variables: Mapping[str, str]) -> ComposeModel:
    if model.disk is None:
        return model
    found = [
        problem
        for service in model.services.values()
        if model.is_active(service)
        for problem in env_file_problems(service, model.resolve, model.disk, variables)
    ]
    return replace(model, problems=(*model.problems, *found)) if found else model


def _filled_in(model: ComposeModel, template: bool | None) -> ComposeModel:
    """The model without complaints of variables that a platform sets, and of values that are made of them."""
    platform = ANY if template else "" if template is False else platform_of(use.name for use in model.unset)
    if not platform:
        return model
    own = [use.place for use in model.unset if is_set_by(platform, use.name)]
    return replace(
        model,
        template=platform,
        unset=tuple(use for use in model.unset if use.place not in own),
        problems=tuple(each for each in model.problems if not any(each.place.holds(place) for place in own)),
    )


def _model(root: MappingNode, notes: Notes) -> ComposeModel:
    reader = ServiceReader()
    check_schema(root, reader.report)
    read = (reader.service(entry) for entry in _entries(root, "services"))
    services = [service for service in read if service]
    declared: dict[Kind, dict[str, Resource]] = {
        kind: {entry.key.value: _resource(kind, entry) for entry in _entries(root, f"{kind}s")} for kind in _DECLARED
    }
    name = root.get("name")
    return ComposeModel(
        root=root,
        documents=tuple(notes.documents),
        borrowed=tuple(notes.borrowed),
        name=name.value if isinstance(name, Scalar) else "",
        services={service.name: service for service in services},
        networks=declared["network"],
        volumes=declared["volume"],
        secrets=declared["secret"],
        configs=declared["config"],
        unset=tuple({(str(use.place), use.name): use for use in notes.unset}.values()),
        problems=tuple(
            {(str(each.place), each.message): each for each in (*notes.problems, *reader.problems)}.values()
        ),
        not_looked_at=tuple(dict.fromkeys(notes.not_looked_at)),
        further=tuple(notes.further),
    )


def _entries(root: MappingNode, key: str) -> tuple[Entry, ...]:
    node = root.get(key)
    return node.entries if isinstance(node, MappingNode) else ()


def _resource(kind: Kind, entry: Entry) -> Resource:
    key, place, node = entry.key.value, entry.key.place, entry.value
    if not isinstance(node, MappingNode):
        return Resource(kind, key, place, raw=None)
    external = node.get("external")
    named = external.get("name") if isinstance(external, MappingNode) else None
    return Resource(
        kind=kind,
        key=key,
        place=place,
        raw=node,
        name=text(named or node.get("name")),
        external=isinstance(external, MappingNode) or flag(external),
        driver=text(node.get("driver")),
        file=text(node.get("file")),
        labels=pairs(node.get("labels")),
    )
