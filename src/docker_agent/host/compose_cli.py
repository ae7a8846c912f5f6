"""The reading half of `docker compose` and of a few other programs: which commands only look."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from docker_agent.core.errors import InputError, ToolMissing
from docker_agent.host.models import Ran
from docker_agent.host.shell import run

READING_COMMANDS = frozenset({"config", "ps", "version", "images", "ls", "top", "port"})
TAKES_VALUE = frozenset(
    {
        "-f",
        "--file",
        "-p",
        "--project-name",
        "--project-directory",
        "--profile",
        "--env-file",
        "--ansi",
        "--progress",
        "--parallel",
    }
)
STACK_OPTIONS = frozenset({"--project-directory", "-f", "-p"})
TAKES_NONE = frozenset({"--all-resources", "--compatibility", "--dry-run", "--verbose"})
WRITING_FLAG = re.compile(r"-[A-Za-z]*o.*|--output(?:=.*)?")
NO_PLUGIN = ("is not a docker command", "unknown command: docker compose", "Run 'docker --help'")
TRIVY_SCAN = ("image", "--quiet", "--format", "json", "--severity", "HIGH,CRITICAL", "--ignore-unfixed")
READING_PROGRAMS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "docker": (("version",), ("compose", "version"), ("buildx", "version"), ("context", "ls")),
    "getent": (("ahosts",),),
    "hadolint": ((),),
    "hostname": (("-I",),),
    "trivy": (("--version",), ("version",), TRIVY_SCAN),
    "nvidia-ctk": (("--version",), ("cdi", "list")),
    "traefik": (("version",),),
    "caddy": (("version",), ("validate",)),
    "nginx": (("-v",), ("-t",), ("-T",)),
}
GPU_LOOK = re.compile(r"-[Lqx]|--version|--(?:query-[a-z-]+|format|id|display)=[^/]*")


def global_options(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options before the subcommand of `docker compose` that take a value, in each way to write them."""
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if word in TAKES_VALUE:
            yield word, next(words, "")
        elif name in TAKES_VALUE and equals:
            yield name, value
        elif word[:2] in TAKES_VALUE:
            yield word[:2], word[2:]
        elif not word.startswith("-"):
            return


def command_of(arguments: Sequence[str]) -> str:
    """The subcommand in the arguments of `docker compose`, past its global options."""
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in TAKES_VALUE:
            skip = True
        elif not argument.startswith("-"):
            return argument
    return ""


def only_reads(arguments: Sequence[str]) -> bool:
    """Whether a `docker compose` command only looks and writes no file.

    Options before the command that are not known count as changing: one that takes a value could hide the command.
    """
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option, equals, _ = rest.pop(0).partition("=")
        if option in TAKES_VALUE:
            del rest[: 0 if equals else 1]
        elif option not in TAKES_NONE:
            return False
    return (
        bool(rest)
        and rest[0] in READING_COMMANDS
        and not (rest[0] == "config" and any(WRITING_FLAG.fullmatch(argument) for argument in rest[1:]))
    )


def compose(arguments: Sequence[str], *, cwd: Path, timeout_s: float, environment: Mapping[str, str]) -> Ran:
    """Run a reading `docker compose` command.

    Raises
    ------
    InputError: the command would change something, or write a file.
    ToolMissing: there is no docker command or no Compose plugin.
    """
    if not only_reads(arguments):
        raise InputError(
            f"`docker compose {command_of(arguments)}` with these options is not known to only look.",
            "Changes go through a plan.",
        )
    ran = run(("docker", "compose", *arguments), cwd=cwd, timeout_s=timeout_s, environment=environment)
    if ran.code != 0 and any(words in ran.err for words in NO_PLUGIN):
        raise ToolMissing(
            "Docker Compose is not installed.", "Install the docker-compose-plugin package (v2.20 or newer)."
        )
    return ran


def program(name: str, arguments: Sequence[str], *, timeout_s: float, environment: Mapping[str, str]) -> Ran:
    """Run a program that is known to only look.

    Raises
    ------
    InputError: this program or this command of it is not on the list of reading ones.
    ToolMissing: it is not installed.
    """
    allowed = any(tuple(arguments[: len(start)]) == start for start in READING_PROGRAMS.get(name, ()))
    if name == "nvidia-smi":
        allowed = all(GPU_LOOK.fullmatch(argument) for argument in arguments)
    if name == "trivy" and tuple(arguments[:1]) == TRIVY_SCAN[:1]:
        allowed = allowed and len(arguments) == len(TRIVY_SCAN) + 1 and not arguments[-1].startswith("-")
    if not allowed:
        raise InputError(f"`{' '.join((name, *arguments))}` is not known to only look.", "Changes go through a plan.")
    return run((name, *arguments), timeout_s=timeout_s, environment=environment)


def in_short(argv: Sequence[str]) -> str:
    """A command without the options by which Compose finds the stack."""
    words = list(argv)
    while words[:2] == ["docker", "compose"] and words[2:3] and words[2] in STACK_OPTIONS:
        del words[2:4]
    return shlex.join(words)
