"""Entries of a service's lists and mappings as types: env files, devices, tmpfs, aliases, ulimits."""

from __future__ import annotations

from docker_agent.project.compose.nodes import Node, Scalar, Sequence, plain_value
from docker_agent.project.compose.texts import mapping, scalars, text, texts
from docker_agent.project.compose.types import Device, EnvFile, Tmpfs

_LONGEST = 20  # digits of a limit; a number with more is none that Compose takes


def read_env_files(node: Node | None) -> tuple[EnvFile, ...]:
    """The entries of `env_file` in either form."""
    found: list[EnvFile] = []
    for item in node.items if isinstance(node, Sequence) else (node,):
        said = mapping(item)
        path = text(said.get("path") or item)
        if path and item:
            required = plain_value(said.get("required")) is not False
            found.append(EnvFile(path, item.place, required, text(said.get("format"))))
    return tuple(found)


def read_devices(node: Node | None) -> tuple[Device, ...]:
    """The entries of `devices` in either form."""
    found: list[Device] = []
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            source, _, rest = item.value.partition(":")
            target, _, permissions = rest.partition(":")
        else:
            source, target, permissions = (text(mapping(item).get(key)) for key in ("source", "target", "permissions"))
        found.append(Device(source, target or source, permissions or "rwm", item.place))
    return tuple(found)


def read_tmpfs(node: Node | None) -> tuple[Tmpfs, ...]:
    """The entries of `tmpfs`, with their options apart."""
    parts = [(item, *item.value.partition(":")[::2]) for item in scalars(node)]
    return tuple(Tmpfs(target, tuple(filter(None, options.split(","))), item.place) for item, target, options in parts)


def read_aliases(node: Node | None) -> dict[str, tuple[str, ...]]:
    """The aliases that a service has in each of its networks."""
    return {key: texts(mapping(value).get("aliases")) for key, value in mapping(node).items()}


def read_ulimits(node: Node | None) -> dict[str, tuple[int, int]]:
    """Soft and hard limit by name, those that are numbers."""
    found: dict[str, tuple[int, int]] = {}
    for key, value in mapping(node).items():
        said = mapping(value)
        ends = [text(said.get(end) if said else value) for end in ("soft", "hard")]
        if all(end.removeprefix("-").isdecimal() and len(end) < _LONGEST for end in ends):
            found[key] = (int(ends[0]), int(ends[1]))
    return found


def has_gpu(known: dict[str, Node], reservations: dict[str, Node]) -> bool:
    """Whether a service asks for a GPU in one of the two ways."""
    devices = reservations.get("devices")
    asked = (
        [texts(mapping(item).get("capabilities")) for item in devices.items if devices]
        if isinstance(devices, Sequence)
        else []
    )
    return "gpus" in known or any("gpu" in capabilities for capabilities in asked)
