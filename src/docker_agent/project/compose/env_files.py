"""The files that services name by `env_file` and `label_file`: whether they are there and say what such files say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Variables
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.project.compose.nodes import Mapping, Node, Scalar, Sequence, plain_value
from docker_agent.project.compose.types import Problem, Service
from docker_agent.project.disk import Disk
from docker_agent.project.dotenv import parse_dotenv

CODE = "env_file_missing"


def env_file_problems(
    service: Service, resolve: Callable[[str], Path], disk: Disk, variables: Variables[str, str]
) -> list[Problem]:
    """What Compose would refuse of one service's env and label files.

    Parameters
    ----------
    resolve: gives the path that a relative one means.
    variables: what `${NAME}` may be inside the files.
    """
    found: list[Problem] = []
    for key in ("env_file", "label_file"):
        # Of two entries for one file Compose takes the last.
        for item in {_path(item): item for item in _items(service.raw.get(key))}.values():
            said = _fault(item, resolve, disk, variables)
            if said:
                found.append(Problem(CODE, item.place, f"{service.name}.{key}: {said}"))
    return found


def _items(node: Node | None) -> Iterator[Node]:
    if isinstance(node, Sequence):
        yield from node.items
    elif isinstance(node, Scalar) and node.plain is not None:
        yield node


def _path(item: Node) -> str:
    named = item.get("path") if isinstance(item, Mapping) else item
    return named.value if isinstance(named, Scalar) else ""


def _fault(item: Node, resolve: Callable[[str], Path], disk: Disk, variables: Variables[str, str]) -> str:
    named = item.get("path") if isinstance(item, Mapping) else item
    if not isinstance(named, Scalar):
        return ""
    required, form = (
        plain_value(item.get(key)) if isinstance(item, Mapping) else None for key in ("required", "format")
    )
    if not named.value:
        unset = f"{', '.join(named.unset)} is not set, and " if named.unset else ""
        return "" if required in {False, "false"} else f"{unset}the file has no name"
    path = resolve(named.value)
    kind = disk.kind(path)
    if not kind:
        return "" if required in {False, "false"} else f"{named.value} is not there"
    if kind == "folder":
        return f"{named.value} is not a file"
    if kind == "other":  # Compose reads pipes and devices such as /dev/null, which must not be done here
        return ""
    try:
        data = disk.read(path)
        if form:
            return _raw_fault(data, named.value)
        parse_dotenv(data, named.value, variables)
    except InputError as error:
        return error.message.rstrip(".")
    return ""


def _raw_fault(data: bytes, name: str) -> str:
    """What Compose would refuse of a file with `format: raw`, whose values it takes as they are."""
    for number, line in enumerate(data.decode("utf-8-sig", "replace").split("\n"), 1):
        text = line.lstrip(" \t")
        key = text.partition("=")[0]
        if text.strip() and not text.startswith("#") and (not key or " " in key or "\t" in key):
            return f"{name}:{number}:{len(line) - len(text) + 1}: this is no assignment"
    return ""
