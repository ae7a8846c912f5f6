"""Directives: what the configurations of Nginx and Caddy consist of, with their places in the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from docker_agent.core.errors import InputError

MAX_DEPTH = 100


@dataclass(frozen=True)
class Word:
    """One argument: its value without quotes and escapes, and where it stands with them."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Directive:
    """One directive: a name, arguments and, where it has one, a block of directives.

    Attributes
    ----------
    name: "" for a block without a name, such as the global options of a Caddyfile.
    start, end: all of it is `text[start:end]`, its semicolon or closing brace included.
    block_start, block_end: what stands in the block is `text[block_start:block_end]`; -1 without a block.
    """

    name: str
    args: tuple[Word, ...]
    block: tuple[Directive, ...] | None
    start: int
    end: int
    block_start: int = -1
    block_end: int = -1

    @property
    def words(self) -> tuple[str, ...]:
        """The values of the arguments."""
        return tuple(word.text for word in self.args)

    @property
    def value(self) -> str:
        """The value of the first argument, "" without one."""
        return self.args[0].text if self.args else ""

    def named(self, *names: str) -> Iterator[Directive]:
        """The directives of its block that have one of these names."""
        return (each for each in self.block or () if each.name in names)


def walk(directives: Iterable[Directive]) -> Iterator[Directive]:
    """Every directive, then those of its block, at every depth."""
    for each in directives:
        yield each
        yield from walk(each.block or ())


def line_of(text: str, offset: int) -> int:
    """The line of a place, counted from 1."""
    return text.count("\n", 0, offset) + 1


def broken(text: str, offset: int, file: str, what: str) -> InputError:
    """The error for a text that cannot be read at a place."""
    return InputError(f"{file or 'The configuration'}, line {line_of(text, offset)}: {what}.", "Correct it first.")
