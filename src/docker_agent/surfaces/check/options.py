"""The options of `check`: one table, from which its parser, its help and the shell's completion are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from docker_agent.core.errors import InputError
from docker_agent.core.nearest import nearest
from docker_agent.core.record import field, mutable, record

FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab")
LEVELS = ("off", "info", "warn", "error")
HELP = "See docker-agent check --help."


@record
class Option:
    """One option: a flag, or one with a value of this name; `many` may be given again."""

    name: str
    help: str
    value: str = ""
    many: bool = False
    choices: tuple[str, ...] = ()


OPTIONS = (
    Option("profile", "dev sums up what is not hardened, prod lists it; the project says which by default.", "NAME",
           choices=("dev", "prod")),
    Option("severity", "Change how much a rule counts, such as root_user=error.", "CODE=LEVEL", many=True),
    Option("select", "Only these rules, comma-separated.", "CODES", many=True),
    Option("ignore", "Not these rules, comma-separated.", "CODES", many=True),
    Option("min-severity", "Show only what counts at least so much.", "LEVEL", choices=LEVELS[1:]),
    Option("format", "text, json, sarif, junit, github or gitlab.", "FORMAT", choices=FORMATS),
    Option("output", "Write the report to this file.", "FILE"),
    Option("file", "Lay these files over each other as one stack, as docker compose -f does.", "FILE", many=True),
    Option("baseline", "Report only what is not in this file.", "FILE"),
    Option("write-baseline", "Write what is found now to this file.", "FILE"),
    Option("fix", "Mend what can be mended and leaves the containers as they are; a plan, approved as always."),
    Option("unsafe", "With --fix or --diff: also what changes how containers run."),
    Option("diff", "Show what --fix would change, and change nothing."),
    Option("hadolint", "Ask Hadolint about the Dockerfiles too."),
    Option("watch", "Check again whenever a file changes, until Ctrl-C."),
    Option("no-color", "No colours; NO_COLOR does the same."),
)  # fmt: skip
SHORT = {"-f": "--file", "-o": "--output"}
BY_NAME = {option.name: option for option in OPTIONS}


@mutable
class Wishes:
    """What one call of `check` asks for, as typed; see OPTIONS."""

    paths: list[str] = field(default_factory=list[str])
    given: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def has(self, flag: str) -> bool:
        """Whether a flag was given."""
        return flag in self.given

    def one(self, name: str, default: str = "") -> str:
        """The last value of an option."""
        return self.given.get(name, [default])[-1]

    def listed(self, name: str) -> list[str]:
        """All values of an option, split at commas."""
        return [word.strip() for value in self.given.get(name, []) for word in value.split(",") if word.strip()]


def parse(words: Sequence[str]) -> Wishes:
    """Read a command line; options may stand anywhere, `--` ends them.

    Raises
    ------
    InputError: an option that there is not, a value that is missing or is none of the choices.
    """
    wishes = Wishes()
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            wishes.paths += left
            break
        if not word.startswith("-") or word == "-":
            wishes.paths.append(word)
            continue
        name, equals, value = SHORT.get(word, word).partition("=")
        option = BY_NAME.get(name.removeprefix("--")) if name.startswith("--") else None
        if option is None:
            near = nearest(name.removeprefix("--"), BY_NAME)
            hint = f"Did you mean --{near}? {HELP}" if near else HELP
            raise InputError(f"check has no option {name}.", hint)
        if option.value and not equals:
            if not left:
                raise InputError(f"{name} needs a value ({option.value}).", HELP)
            value = left.pop(0)
        elif equals and not option.value:
            raise InputError(f"{name} takes no value.", HELP)
        if option.choices and value not in option.choices:
            raise InputError(f"{name} is one of {', '.join(option.choices)}, not {value!r}.", HELP)
        wishes.given.setdefault(option.name, []).append(value)
    return wishes


def severities_given(wishes: Wishes) -> dict[str, Literal["off", "info", "warn", "error"]]:
    """What --severity says, by code.

    Raises
    ------
    InputError: not CODE=LEVEL.
    """
    given: dict[str, Literal["off", "info", "warn", "error"]] = {}
    for entry in wishes.listed("severity"):
        code, _, level = entry.partition("=")
        match level:
            case "off" | "info" | "warn" | "error":
                given[code.strip().replace("-", "_")] = level
            case _:
                raise InputError(f"--severity {entry} is not CODE=LEVEL.", f"Levels: {', '.join(LEVELS)}.")
    return given
