"""What Compose compares of a service when it decides whether its containers have to be made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, cast

from docker_agent.core.errors import InputError
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping as MappingNode
from docker_agent.project.compose.nodes import Node, Scalar, plain_value
from docker_agent.project.compose.nodes import Sequence as SequenceNode
from docker_agent.project.compose.types import PublishedPort, Service
from docker_agent.project.compose.values import read_duration, read_size
from docker_agent.project.dotenv import parse_dotenv

# Compose 2.40.3 leaves these out of the hash of a service.
NOT_COMPARED = frozenset({"build", "pull_policy", "scale", "depends_on", "profiles", "extends", "env_file"})

# Keys whose empty or false value is not the same as none.
_KEPT = frozenset({"command", "entrypoint", "init", "attach"})


def compared(model: ComposeModel, service: Service) -> dict[str, Any]:
    """A service's keys with their values in one form, however they were written; equal ones need no new container."""
    found: dict[str, Any] = {}
    for entry in service.raw.entries:
        key = entry.key.value
        if key not in NOT_COMPARED and not key.startswith("x-"):
            found[key] = _value(model, service, key, entry.value)
    found["environment"] = environment(model, service)
    if "networks" not in found and not service.network_mode:
        found["networks"] = {"default": None}
    return {
        key: value
        for key, value in found.items()
        if value is not None and (key in _KEPT or value not in ("", False, [], {}, ()))
    }


def environment(model: ComposeModel, service: Service) -> dict[str, str | None]:
    """The variables that a container gets: those of the env files, then those of the compose file."""
    found: dict[str, str | None] = {}
    for name in service.env_files:
        try:
            data = model.disk.read(model.resolve(name)) if model.disk else None
            found |= parse_dotenv(data, name, {}) if data is not None else {f"(file {name})": name}
        except InputError:
            found[f"(file {name})"] = name
    return found | dict(service.environment)


def _value(model: ComposeModel, service: Service, key: str, node: Node) -> Any:
    match key:
        case "ports":
            return [single for port in service.ports for single in _ports(port)]
        case "devices":
            return [_fields(device) for device in service.devices]
        case "volumes":
            return _mounts(model, service, node)
        case "command" | "entrypoint":
            return getattr(service, key)
        case "healthcheck" if service.healthcheck is not None:
            return _fields(service.healthcheck)
        case "deploy":
            return {"deploy": _deploy(node)}
        case "secrets" | "configs":
            items = node.items if isinstance(node, SequenceNode) else ()
            return [_file(item, "/run/secrets/" if key == "secrets" else "") for item in items]
        case _:
            return _READERS.get(key, _plain)(node)


def _fields(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, each.name) for each in fields(value) if each.name != "place")


def _ports(port: PublishedPort) -> list[tuple[Any, ...]]:
    """Each port of a range by itself, as Compose keeps them."""
    mode = port.mode or "ingress"
    return [
        _fields(
            replace(
                port,
                target=port.target + step,
                target_last=port.target + step,
                first=port.first + step if port.first and not port.pool else port.first,
                last=port.last if port.pool or not port.first else port.first + step,
                mode=mode,
            )
        )
        for step in range(port.target_last - port.target + 1)
    ]


def _deploy(node: Node) -> dict[str, Any]:
    said: dict[str, Any] = _plain(node) or {}
    resources = cast("dict[str, dict[str, Any] | None]", said.get("resources") or {})
    for section in resources.values():
        for key, read in (("memory", read_size), ("cpus", float)):
            if section and key in section:
                with suppress(ValueError):
                    section[key] = read(str(section[key]))
    return {key: value for key, value in said.items() if key != "replicas"}


def _mounts(model: ComposeModel, service: Service, node: Node) -> list[Any]:
    """The mounts in their order; Compose tells the long form without options from the short one."""
    items = node.items if isinstance(node, SequenceNode) else ()
    bare = {
        item.place
        for item in items
        if isinstance(item, MappingNode) and plain_value(item.get("type")) not in item.index
    }
    return [
        (
            _fields(replace(mount, source=str(model.resolve(mount.source)) if mount.kind == "bind" else mount.source)),
            mount.kind in {"volume", "bind"} and mount.place in bare,
        )
        for mount in service.mounts
    ]


def _networks(node: Node) -> dict[str, Any]:
    if isinstance(node, SequenceNode):
        return {item.value: None for item in node.items if isinstance(item, Scalar)}
    return (
        {entry.key.value: _plain(entry.value) or None for entry in node.entries}
        if isinstance(node, MappingNode)
        else {}
    )


def _file(node: Node, folder: str) -> dict[str, Any]:
    said = _plain(node)
    said = dict(cast("dict[str, Any]", said)) if isinstance(said, dict) else {"source": said}
    target = str(said.get("target") or said.get("source"))
    return said | {"target": target if target.startswith("/") else folder + target} if folder else said


def _pairs(node: Node) -> dict[str, Any]:
    if isinstance(node, MappingNode):
        return {entry.key.value: _plain(entry.value) or "" for entry in node.entries}
    items = [item.value for item in node.items if isinstance(item, Scalar)] if isinstance(node, SequenceNode) else []
    split = [item.partition("=" if "=" in item else ":") for item in items]
    return {key: value for key, _, value in split}


def _plain(node: Node) -> Any:
    """Plain data in which numbers are text, as most keys take either."""
    return _as_text(plain_value(node))


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(each) for key, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [_as_text(each) for each in cast("list[Any]", value)]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _cast(read: Callable[[str], float]) -> Callable[[Node], Any]:
    def value(node: Node) -> Any:
        text = node.value if isinstance(node, Scalar) else ""
        try:
            return read(text)
        except ValueError:
            return text

    return value


def _listed(node: Node) -> Any:
    return [_plain(node)] if isinstance(node, Scalar) else _plain(node)


_READERS: dict[str, Callable[[Node], Any]] = {
    **dict.fromkeys(("labels", "annotations", "sysctls", "extra_hosts"), _pairs),
    **dict.fromkeys(("mem_limit", "mem_reservation", "memswap_limit", "shm_size"), _cast(read_size)),
    **dict.fromkeys(("expose", "tmpfs", "dns", "dns_search", "label_file"), _listed),
    "stop_grace_period": _cast(read_duration),
    "cpus": _cast(float),
    "networks": _networks,
}
