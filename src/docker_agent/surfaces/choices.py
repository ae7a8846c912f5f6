"""The options that every command takes, wherever they stand on the line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from docker_agent.core.record import value

FLAGS = frozenset({"--yes", "-y", "--yes-destroy", "--read-only", "--json", "--quiet", "-q"})
VALUES = frozenset({"--model", "-m", "--directory", "-C", "--override", "--max-turns", "--budget-tokens"})


@value
class Choices:
    """What the person chose for this call, as typed."""

    directory: Path = Path()
    model: str = ""
    yes: bool = False
    yes_destroy: bool = False
    read_only: bool = False
    json: bool = False
    quiet: bool = False
    override: tuple[str, ...] = ()
    max_turns: int = 0
    budget_tokens: int = 0


def hoist(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split a line into the options of this module and the rest, so that they may stand anywhere before `--` or `ask`.

    Raises
    ------
    SystemExit: with code 2 where an option at the end wants a value.
    """
    ours: list[str] = []
    rest: list[str] = []
    index = 0
    while index < len(argv):
        word = argv[index]
        if word == "--" or (word == "ask" and not rest):
            return ours, rest + list(argv[index:])
        if word in VALUES:
            if index + 1 == len(argv):
                print(f"{word} needs a value. See docker-agent --help.", file=sys.stderr)
                raise SystemExit(2)
            ours += argv[index : index + 2]
            index += 1
        elif word in FLAGS or word.partition("=")[0] in VALUES:
            ours.append(word)
        else:
            rest.append(word)
        index += 1
    return ours, rest
