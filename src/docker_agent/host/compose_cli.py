"""The reading half of `docker compose` and of a few other programs: which commands only look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from docker_agent.core.errors import InputError, ToolMissing
from docker_agent.host.models import Ran
from docker_agent.host.shell import run

READING_COMMANDS = frozenset({"config", "ps", "version", "images", "ls", "top", "port"})
TAKES_VALUE = frozenset(
    {"-f", "--file", "-p", "--project-name", "--project-directory", "--profile", "--env-file", "--ansi", "--progress"}
)
WRITING_FLAGS = ("-o", "--output")
READING_PROGRAMS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "docker": (("version",), ("compose", "version"), ("buildx", "version"), ("context", "ls")),
    "hadolint": ((),),
    "trivy": (("--version",), ("version",)),
    "nvidia-smi": ((),),
    "nvidia-ctk": (("--version",), ("cdi", "list")),
    "traefik": (("version",),),
    "caddy": (("version",), ("validate",)),
    "nginx": (("-v",), ("-t",), ("-T",)),
}


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


def compose(arguments: Sequence[str], *, cwd: Path, timeout_s: float, environment: Mapping[str, str]) -> Ran:
    """Run a reading `docker compose` command.

    Raises
    ------
    InputError: the command would change something, or write a file.
    ToolMissing: there is no docker command or no Compose plugin.
    """
    command = command_of(arguments)
    if command not in READING_COMMANDS or any(
        argument in WRITING_FLAGS or argument.startswith("--output=") for argument in arguments
    ):
        raise InputError(f"`docker compose {command}` is not a reading command.", "Changes go through a plan.")
    ran = run(("docker", "compose", *arguments), cwd=cwd, timeout_s=timeout_s, environment=environment)
    if ran.code != 0 and ("is not a docker command" in ran.err or "unknown command: docker compose" in ran.err):
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
    allowed = READING_PROGRAMS.get(name, ())
    if not any(tuple(arguments[: len(start)]) == start for start in allowed):
        raise InputError(f"`{' '.join((name, *arguments))}` is not known to only look.", "Changes go through a plan.")
    return run((name, *arguments), timeout_s=timeout_s, environment=environment)
