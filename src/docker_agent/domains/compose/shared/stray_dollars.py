"""Dollar signs that were meant for the container, and that Compose takes for its own."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.pattern import lazy
from docker_agent.core.secret import is_reference, key_looks_secret
from docker_agent.domains.compose.shared.written import written_pairs
from docker_agent.project.compose.nodes import Mapping, Node, Scalar, Sequence
from docker_agent.project.compose.types import Service

# Password hashes as crypt and htpasswd write them; what follows the last dollar sign is lost as a variable.
_HASH = lazy(r"(?<!\$)\$(?:2[abxy]\$\d\d|apr1|argon2(?:id|i|d)|[156y])\$(?!\$)[^\s\"']*")
_VARIABLE = lazy(r"(?<!\$)\$(?:\{(\w+)\}|(\w+))")

_BARE = lazy(r"(?<!\$)\$([A-Za-z_]\w*)")
_SHELL = ("command", "entrypoint")


def stray_dollars(service: Service) -> list[tuple[Scalar, list[int]]]:
    """The scalars with dollar signs that were meant for the container, and where in the file those are."""
    found: list[tuple[Scalar, list[int]]] = []
    for node in _hashes(service):
        written = node.source.text[node.start : node.end]
        places = [
            node.start + match.start() + place
            for match in _HASH.finditer(written)
            for place, character in enumerate(match.group())
            if character == "$"
        ]
        found += [(node, places)] if places else []
    for _, node, value in dollars_in_secrets(service):
        start = node.start + node.source.text[node.start : node.end].find(value)
        found.append((node, [start + match.start() for match in _BARE.finditer(value)]))
    for node in _commands(service):
        if not node.unset:
            continue
        written = node.source.text[node.start : node.end]
        places = [
            node.start + match.start()
            for match in _VARIABLE.finditer(written)
            if _is_meant_inside(service, node, match.group(1) or match.group(2))
        ]
        found += [(node, places)] if places else []
    return found


def dollars_in_secrets(service: Service) -> Iterator[tuple[str, Scalar, str]]:
    """The secrets with `$Name` in the middle of other characters, where nothing sets Name: key, scalar, value."""
    for key, node in (*written_pairs(service), *_listed_pairs(service)):
        value = node.written.removeprefix(f"{key}=")
        if node.unset and key_looks_secret(key):
            names = {match.group(1) for match in _BARE.finditer(value)} & set(node.unset)
            if names and not is_reference(value) and "${" not in value:
                yield key, node, value


def _listed_pairs(service: Service) -> Iterator[tuple[str, Scalar]]:
    for item in _scalars(service.raw.get("environment")):
        if "=" in item.written:
            yield item.written.partition("=")[0], item


def _is_meant_inside(service: Service, node: Scalar, name: str) -> bool:
    """Whether the container has a variable that Compose does not have."""
    return name in node.unset and bool(service.environment.get(name))


def _hashes(service: Service) -> Iterator[Scalar]:
    pairs = [node for _, node in written_pairs(service)]
    listed = [node for key in ("environment", "labels") for node in _scalars(service.raw.get(key)) if node not in pairs]
    return (node for node in (*pairs, *listed) if "$" in node.written)


def _commands(service: Service) -> Iterator[Scalar]:
    for key in _SHELL:
        yield from _scalars(service.raw.get(key))
    check = service.raw.get("healthcheck")
    yield from _scalars(check.get("test") if isinstance(check, Mapping) else None)


def _scalars(node: Node | None) -> Iterator[Scalar]:
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Scalar):
            yield item
