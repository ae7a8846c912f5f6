"""Several compose files as one: interpolation of the nodes, then each file laid over the one before as Compose does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Variables
from dataclasses import replace

from docker_agent.project.compose_nodes import Entry, Mapping, Node, Place, Scalar, Sequence, plain_value
from docker_agent.project.interpolate import TemplateError, interpolate

Path = tuple[str, ...]

# Lists of KEY=VALUE that Compose reads as mappings, by the last words of their path.
_KEYED = {"environment", "labels", "annotations", "args", "sysctls", "extra_hosts", "additional_contexts"}
_NAMED = {"networks", "depends_on", "models"}
_REPLACED = {("command",), ("entrypoint",), ("healthcheck", "test")}

Unset = Callable[[Place, str, bool, str], None]
Wrong = Callable[[Place, str], None]


def fill_variables(node: Node, variables: Variables[str, str], unset: Unset, wrong: Wrong) -> Node:
    """The same nodes with every value interpolated; shared nodes stay shared, so that aliases cost nothing.

    Parameters
    ----------
    unset: told of each variable without a value: its place, name, whether it is required, and the words for that.
    wrong: told of each value that is no valid template.
    """
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
                entries = tuple(replace(entry, value=fill(entry.value)) for entry in node.entries)
                return replace(node, entries=entries)
            case Sequence():
                return replace(node, items=tuple(fill(item) for item in node.items))

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
    return replace(node, value=result.text, unset=tuple(reference.name for reference in result.unset))


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


def overlay(base: Node, upper: Node, path: Path = ()) -> Node:
    """One node laid over another: mappings merge, lists append, the rest is replaced; by key where Compose does."""
    if upper.tag == "!override":
        return upper
    local = path[2:] if path[:1] == ("services",) else path
    if local in _REPLACED or (isinstance(upper, Scalar) and plain_value(upper) is None):
        return base if isinstance(upper, Scalar) and plain_value(upper) is None else upper
    name = path[-1] if path else ""
    if name in _KEYED or (name in _NAMED and len(path) > 1):
        base, upper = _as_mapping(base, name), _as_mapping(upper, name)
    if name == "logging" and _changed_driver(base, upper):
        return upper
    if isinstance(base, Mapping) and isinstance(upper, Mapping):
        return replace(base, entries=tuple(_overlaid_entries(base, upper, path)))
    if isinstance(base, Sequence) and isinstance(upper, Sequence):
        return replace(base, items=tuple(_appended(base, upper, name)))
    return upper


def _overlaid_entries(base: Mapping, upper: Mapping, path: Path) -> Iterator[Entry]:
    for entry in base.entries:
        over = upper.index.get(entry.key.value)
        if over is None:
            yield entry
        elif over.value.tag != "!reset":
            value = overlay(entry.value, over.value, (*path, entry.key.value))
            yield entry if value is entry.value else replace(over, value=value)
    for entry in upper.entries:
        if entry.key.value not in base.index and entry.value.tag != "!reset":
            yield entry


def _appended(base: Sequence, upper: Sequence, name: str) -> Iterator[Node]:
    if name not in {
        "ports",
        "volumes",
        "secrets",
        "configs",
        "expose",
        "env_file",
        "devices",
        "tmpfs",
        "dns",
        "cap_add",
    }:
        yield from (*base.items, *upper.items)
        return
    last: dict[str, Node] = {}
    for item in (*base.items, *upper.items):
        last[_identity(item, name)] = item
    yield from last.values()


def _identity(item: Node, name: str) -> str:
    """What makes two list entries the same one: the target of a mount, the whole text otherwise."""
    if name == "volumes" and isinstance(item, Scalar):
        parts = item.value.split(":")
        return parts[1] if len(parts) > 1 else parts[0]
    if name in {"volumes", "secrets", "configs"} and isinstance(item, Mapping):
        return str(plain_value(item.get("target")) or plain_value(item.get("source")))
    return str(plain_value(item))


def _as_mapping(node: Node, name: str) -> Node:
    if not isinstance(node, Sequence):
        return node
    entries: dict[str, Entry] = {}
    for item in node.items:
        if isinstance(item, Scalar):
            key, equals, value = item.value.partition("=")
            if name == "extra_hosts" and not equals:
                key, equals, value = item.value.partition(":")
            written = item.written.partition("=")[2] or item.written
            kept = replace(item, value=value, written=written, style=item.style or "'" if equals else item.style)
            empty = replace(item, value="", written="", style="")
            entries[key] = Entry(replace(item, value=key, written=key), kept if equals else empty)
    return Mapping(node.source, node.start, node.end, tuple(entries.values()))


def _changed_driver(base: Node, upper: Node) -> bool:
    if not (isinstance(base, Mapping) and isinstance(upper, Mapping)):
        return False
    over = plain_value(upper.get("driver"))
    return over is not None and over != plain_value(base.get("driver"))
