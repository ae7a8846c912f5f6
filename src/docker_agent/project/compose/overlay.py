"""One compose file laid over another, by the rules of Compose: what is merged by key, appended, replaced or reset."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from docker_agent.core.record import replace
from docker_agent.project.compose.mounts import read_mount
from docker_agent.project.compose.nodes import Entry, Mapping, Node, Place, Scalar, Sequence, plain_value
from docker_agent.project.compose.ports import read_port

Path = tuple[str, ...]
Wrong = Callable[[str, Place, str], None]

_REPLACED = {("command",), ("entrypoint",), ("healthcheck", "test")}

# Lists of KEY=VALUE that Compose reads as mappings, by the last word of their path.
_PAIRS = {"environment", "labels", "annotations", "args", "sysctls", "additional_contexts"}

# Lists of names that are short for mappings.
_NAMES = {("networks",), ("depends_on",), ("models",)}

# One value or a list of them.
_LISTS = {"dns", "dns_opt", "dns_search", "env_file", "label_file", "tmpfs"}

# Lists that hold each thing once, the last one said; other lists keep all.
_UNIQUE = {
    *_LISTS, "ports", "volumes", "devices", "secrets", "configs", "expose", "cap_add", "cap_drop", "links", "profiles",
    "tags", "aliases", "link_local_ips",
}  # fmt: skip


def overlay(base: Node, upper: Node, path: Path = (), wrong: Wrong = lambda _code, _place, _message: None) -> Node:
    """One node laid over another: mappings merge, lists append, the rest is replaced; by key where Compose does.

    Parameters
    ----------
    path: where both are in the file.
    wrong: told of what cannot be laid over each other, with the code of the rule; the upper one is taken then.
    """
    if upper.tag == "!override" or base.tag == "!reset":
        return upper
    local = path[2:] if path[:1] == ("services",) else path
    if local in _REPLACED:
        return upper
    if _is_null(upper):
        if path == ("services",):
            wrong("schema", upper.place, "services must be a mapping")
        return base
    if len(path) > 2 and isinstance(upper, Scalar) and _is_listed(local):
        if not isinstance(upper.plain, str):
            return base  # Compose passes over a number or a switch here
        upper = _as_sequence(upper)
    base, upper = _alike(base, upper, local)
    match base, upper:
        case Mapping(), Mapping():
            if local == ("logging",) and _changed_driver(base, upper):
                return upper
            return replace(base, entries=tuple(_overlaid_entries(base, upper, path, wrong)))
        case Sequence(), Sequence():
            if path[:1] == ("networks",) and path[2:] == ("ipam", "config"):
                return replace(base, items=tuple(_by_subnet(base, upper, path, wrong)))
            return replace(base, items=tuple(_appended(base, upper, local)))
        case Scalar(), _:
            return upper
        case _:
            kind = "mapping" if isinstance(base, Mapping) else "list"
            wrong("schema", upper.place, f"{'.'.join(path)} is a {kind} in {base.place}, and must be one here")
            return upper


def without_resets(node: Node) -> Node:
    """The node without what is tagged `!reset`."""
    match node:
        case Mapping():
            kept = [entry for entry in node.entries if entry.value.tag != "!reset"]
            return replace(node, entries=tuple(replace(entry, value=without_resets(entry.value)) for entry in kept))
        case Sequence():
            return replace(node, items=tuple(without_resets(item) for item in node.items if item.tag != "!reset"))
        case Scalar():
            return node


def _overlaid_entries(base: Mapping, upper: Mapping, path: Path, wrong: Wrong) -> Iterator[Entry]:
    replaced = path[-1:] and (path[-1] in _PAIRS or (path[:1] == ("services",) and path[2:] == ("ulimits",)))
    for entry in base.entries:
        over = upper.index.get(entry.key.value)
        if over is None:
            yield entry
        elif over.value.tag != "!reset":
            value = over.value if replaced else overlay(entry.value, over.value, (*path, entry.key.value), wrong)
            yield entry if value is entry.value else replace(over, value=value)
    for entry in upper.entries:
        if entry.key.value not in base.index and entry.value.tag != "!reset":
            yield entry


def _alike(base: Node, upper: Node, local: Path) -> tuple[Node, Node]:
    """Both in the same form, where Compose knows more than one."""
    name = local[-1] if local else ""
    if name in _PAIRS:
        # A key that is reset is not found in a list.
        return _as_mapping(base), _as_mapping(without_resets(upper) if isinstance(base, Sequence) else upper)
    if local in _NAMES:
        filler = "depends_on" if name == "depends_on" else ""
        return _as_mapping(base, filler), _as_mapping(upper, filler)
    if local == ("build",):
        return _as_build(base), _as_build(upper)
    if name == "extra_hosts":
        return _as_sequence(base), _as_sequence(upper)
    if name in _LISTS and len(local) == 1:
        return _as_sequence(base), _as_sequence(upper)
    return base, upper


def _appended(base: Sequence, upper: Sequence, local: Path) -> Iterator[Node]:
    name = local[-1] if local else ""
    if name == "extra_hosts":
        known = {item.value.replace("=", ":", 1) for item in base.items if isinstance(item, Scalar)}
        yield from base.items
        yield from (i for i in upper.items if not (isinstance(i, Scalar) and i.value.replace("=", ":", 1) in known))
    elif name not in _UNIQUE:
        yield from (*base.items, *upper.items)
    else:
        last = {_identity(item, name): item for item in (*base.items, *upper.items) if item.tag != "!reset"}
        yield from last.values()


def _by_subnet(base: Sequence, upper: Sequence, path: Path, wrong: Wrong) -> Iterator[Node]:
    over = {_subnet(item): item for item in upper.items}
    for item in base.items:
        other = over.pop(_subnet(item), None)
        yield overlay(item, other, path, wrong) if other is not None else item
    yield from over.values()


def _subnet(node: Node) -> str:
    return str(plain_value(node.get("subnet"))) if isinstance(node, Mapping) else ""


def _identity(item: Node, name: str) -> str:
    """What makes two entries of a list the same one: the target of a mount, a port's whole address, the text."""
    if name == "ports":
        return _port(item)
    if name == "volumes":
        return _mount(item)
    if name == "devices" and isinstance(item, Scalar):
        parts = item.value.split(":")
        return parts[1] if len(parts) > 1 else parts[0]
    if name in {"secrets", "configs"}:
        folder = "/run/secrets/" if name == "secrets" else "/"
        target = item.get("target") if isinstance(item, Mapping) else None
        source = item.get("source") if isinstance(item, Mapping) else item
        return str(plain_value(target) or f"{folder}{plain_value(source)}")
    if isinstance(item, Mapping):
        return str(plain_value(item.get("target") or item.get("path")))
    text = str(plain_value(item))
    return text if name in {"ports", "env_file"} else text.partition("=")[0]


def _mount(item: Node) -> str:
    try:
        mount = read_mount(item)
    except ValueError:
        mount = None
    return mount.target.rstrip("/") if mount else str(plain_value(item))


def _port(item: Node) -> str:
    try:
        port = read_port(item)
    except ValueError:
        port = None
    if port is None:
        return str(plain_value(item))
    host = "" if port.host_ip == "0.0.0.0" else port.host_ip  # noqa: S104 - the words for "no address given"
    return f"{host}|{port.first}-{port.last}|{port.target}-{port.target_last}|{port.protocol}"


def _as_mapping(node: Node, filler: str = "") -> Node:
    """A list of KEY=VALUE, or of names, as a mapping whose parts know where they are written."""
    if not isinstance(node, Sequence):
        return node
    entries: dict[str, Entry] = {}
    for item in node.items:
        if isinstance(item, Scalar) and item.tag != "!reset":
            key, equals, value = item.value.partition("=")
            written = item.written.partition("=")[2] or item.written
            kept: Node = replace(item, value="", written="", style="")
            if filler:
                kept = _dependency(item)
            elif equals:
                kept = replace(item, value=value, written=written, style=item.style or "'")
            entries[key] = Entry(replace(item, value=key, written=key), kept)
    return Mapping(node.source, node.start, node.end, tuple(entries.values()))


def _dependency(item: Scalar) -> Mapping:
    words = {"condition": "service_started", "required": "true"}
    entries = [Entry(_said(item, key), _said(item, value)) for key, value in words.items()]
    return Mapping(item.source, item.start, item.end, tuple(entries))


def _as_build(node: Node) -> Node:
    if not isinstance(node, Scalar):
        return node
    return Mapping(node.source, node.start, node.end, (Entry(_said(node, "context"), node),))


def _as_sequence(node: Node) -> Node:
    match node:
        case Scalar():
            return Sequence(node.source, node.start, node.end, (node,))
        case Mapping():
            items = [_said(entry.key, f"{entry.key.value}={plain_value(entry.value)}") for entry in node.entries]
            return Sequence(node.source, node.start, node.end, tuple(items))
        case Sequence():
            return node


def _said(at: Scalar, text: str) -> Scalar:
    """A word that Compose puts there by itself."""
    return replace(at, value=text, written=text, style="", tag="", unset=())


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain is None


def _is_listed(local: Path) -> bool:
    """Whether Compose makes a list of what stands here before it merges."""
    return local[-1] in _PAIRS or local == ("extra_hosts",) or (len(local) == 1 and local[0] in _LISTS)


def _changed_driver(base: Mapping, upper: Mapping) -> bool:
    old, new = plain_value(base.get("driver")), plain_value(upper.get("driver"))
    return old is not None and new is not None and old != new
