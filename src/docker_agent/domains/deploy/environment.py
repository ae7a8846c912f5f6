"""The environments of a stack: the files that each adds to the base, and how Compose is told of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docker_agent.core.errors import InputError
from docker_agent.project.disk import Disk, HostDisk
from docker_agent.project.stack import OVERRIDE_NAMES, Read, Stack, compose_options, find_stack_files, open_stack
from docker_agent.project.workspace import Workspace

Environment = Literal["dev", "staging", "production"]

WORDS: Mapping[Environment, tuple[str, ...]] = {
    "dev": ("dev", "development"),
    "staging": ("staging", "stage"),
    "production": ("production", "prod"),
}
OWN_FILE = re.compile(r"(?:docker-)?compose\.(?P<name>[a-z0-9][a-z0-9_-]*)\.ya?ml")
ENV_FILE = re.compile(r"\.env\.(?P<name>[a-z0-9][a-z0-9_-]*)")
NOT_ONE = frozenset({"override", "example", "sample", "template", "dist"})


@dataclass(frozen=True)
class Setting:
    """A stack in one environment.

    Attributes
    ----------
    options: the global options by which `docker compose` finds exactly this.
    """

    environment: str
    stack: Stack
    options: tuple[str, ...]

    def argv(self, *words: str) -> tuple[str, ...]:
        """The argument list of a `docker compose` command."""
        return ("docker", "compose", *self.options, *words)


def environment_of(ws: Workspace, word: str = "") -> Environment:
    """The environment that is meant by a word, by default what the project context says.

    Raises
    ------
    InputError: the word names none.
    """
    if not word:
        return "production" if ws.context.production else "dev"
    for name, words in WORDS.items():
        if word.lower() in words:
            return name
    raise InputError(f"{word!r} is no environment.", "Give dev, staging or production.")


def setting_of(
    ws: Workspace,
    environment: str,
    *,
    read: Read | None = None,
    disk: Disk | None = None,
    variables: Mapping[str, str] = os.environ,
) -> Setting:
    """The stack of a workspace in an environment: its base files, that environment's own, and its `.env` file.

    Where the environment has a file of its own, `compose.override.yaml` is left out, as Compose does with `-f`; where
    it has a `.env` file of its own, `.env` is not read.

    Raises
    ------
    InputError: there is no compose file, or one cannot be read as what it is.
    """
    read = read or ws.host.read_file
    base = find_stack_files(
        ws.root, context_files=ws.context.compose_files, read=read, find=ws.host.find_files, environment=variables
    )
    if not base:
        raise InputError(f"There is no compose file in {ws.root.name}.", "Write one (scaffold), or go to its folder.")
    words = _words(environment)
    own = next((path for path in _candidates(base[0].parent, words) if _is_there(path, read)), None)
    base = [path for path in base if path == own or not _of_environment(path)]
    files = [*(path for path in base if own is None or (path.name not in OVERRIDE_NAMES and path != own))]
    files += [own] if own else []
    dotenv = next((ws.root / f".env.{word}" for word in words if _is_there(ws.root / f".env.{word}", read)), None)
    known = {**variables, "COMPOSE_ENV_FILES": dotenv.name} if dotenv else variables
    stack = open_stack(ws.root, files, read=read, environment=known, disk=disk or HostDisk(ws.host))
    options = (*(("--env-file", str(dotenv)) if dotenv else ()), *compose_options(stack))
    return Setting(environment, stack, options)


def environments_here(ws: Workspace) -> dict[str, tuple[str, ...]]:
    """The files of each environment that has any, by its name."""
    found: dict[str, list[str]] = {}
    for path in _files_here(ws):
        match = OWN_FILE.fullmatch(path.name) or ENV_FILE.fullmatch(path.name)
        if match and match["name"] not in NOT_ONE:
            name = next((known for known, words in WORDS.items() if match["name"] in words), match["name"])
            found.setdefault(name, []).append(path.name)
    return {name: tuple(sorted(files)) for name, files in sorted(found.items())}


def _files_here(ws: Workspace) -> Iterator[Path]:
    for pattern in ("*compose.*.yml", "*compose.*.yaml"):
        yield from ws.host.find_files(ws.root, pattern)
    names = {name for words in WORDS.values() for name in words}
    yield from (ws.root / f".env.{name}" for name in sorted(names) if ws.host.file_kind(ws.root / f".env.{name}"))


def _words(environment: str) -> tuple[str, ...]:
    return next((words for name, words in WORDS.items() if name == environment), (environment,))


def _candidates(folder: Path, words: tuple[str, ...]) -> Iterator[Path]:
    for word in words:
        for stem in ("compose", "docker-compose"):
            yield from (folder / f"{stem}.{word}.{ending}" for ending in ("yaml", "yml"))


def _of_environment(path: Path) -> bool:
    match = OWN_FILE.fullmatch(path.name)
    return bool(match and any(match["name"] in words for words in WORDS.values()))


def _is_there(path: Path, read: Read) -> bool:
    try:
        read(path)
    except InputError:
        return False
    return True
