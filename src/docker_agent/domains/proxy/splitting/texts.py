"""Configuration files with a few places replaced, and what means a container in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from docker_agent.domains.proxy.files.directives import Directive
from docker_agent.host.models import Container


@dataclass(frozen=True)
class Patch:
    """A text in place of the characters from start to end."""

    start: int
    end: int
    text: str


def patched(text: str, patches: Iterable[Patch]) -> str:
    """The text with its patches made; those at one place keep their order."""
    parts: list[str] = []
    at = 0
    for patch in sorted(patches, key=lambda patch: (patch.start, patch.end)):
        parts += [text[at : patch.start], patch.text]
        at = patch.end
    return "".join([*parts, text[at:]])


def names_of(container: Container) -> frozenset[str]:
    """The names and addresses under which others reach a container."""
    places = container.networks
    names = {container.name, container.service, *(alias for place in places for alias in place.aliases)}
    return frozenset((names | {place.ip for place in places}) - {""})


def with_parents(
    directives: Sequence[Directive], parents: tuple[Directive, ...] = ()
) -> Iterator[tuple[Directive, tuple[Directive, ...]]]:
    """Every directive at every depth with those that it stands in, the outermost first."""
    for each in directives:
        yield each, parents
        yield from with_parents(each.block or (), (*parents, each))


def indent_of(text: str, offset: int) -> str:
    """The white space that the line of a place begins with."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line[: len(line) - len(line.lstrip())]
