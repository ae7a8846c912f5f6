"""Which stacks a call of `check` means: the folder's own, files, folders, globs, or files laid over each other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.pattern import lazy
from docker_agent.core.record import value
from docker_agent.host.files import SKIPPED_FOLDERS
from docker_agent.project.stack import FILE_NAMES, OVERRIDE_NAMES, find_stack_files

_COMPOSE_FILE = lazy(r"(?:docker-)?compose(?:[.\-_][\w.\-]+)?\.ya?ml", re.IGNORECASE)


@value
class Asked:
    """One stack to check: its files in the order of merging; `only` names the one whose findings count, if not all.

    `gap` says in its place why a word of the call leads to nothing.
    """

    files: tuple[Path, ...]
    only: str = ""
    gap: str = ""


def stacks_asked(root: Path, paths: Sequence[str], laid_over: Sequence[str], named: Sequence[str]) -> list[Asked]:
    """The stacks that a call means, in the order of its words.

    Parameters
    ----------
    paths: files, folders and globs; without any, and without `laid_over`, the stack of the root.
    laid_over: files that are one stack.
    named: paths and globs of compose files that the project's context names.

    Raises
    ------
    InputError: a file to lay over another is not there, or the root has no stack.
    """
    found: list[Asked] = [Asked(tuple(_file(root, name) for name in laid_over))] if laid_over else []
    for path in paths:
        found += _below(root, path)
    if not found:
        files = find_stack_files(root, context_files=named)
        if not files:
            hint = "Search the folders below with docker-agent check ., name files, or create compose.yaml."
            raise InputError(f"There is no compose file in {root}.", hint)
        found = [Asked(tuple(files))]
    return list(dict.fromkeys(found))


def _below(root: Path, path: str) -> list[Asked]:
    place = root / Path(path).expanduser()
    if place.is_dir():
        found = list(_in_folder(place, root))
    elif any(mark in path for mark in "*?[") and not place.exists():
        matches = sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor))))
        found = [Asked((match,)) for match in matches if match.is_file()]
    else:
        return [Asked((place,))]
    return found or [Asked((), gap=f"{path}: there is no compose file")]


def _file(root: Path, name: str) -> Path:
    place = root / Path(name).expanduser()
    if not place.exists():
        raise InputError(f"{name} is not there.", "Check the name.")
    return place


def _in_folder(folder: Path, root: Path) -> Iterator[Asked]:
    """The stacks below a folder: in each folder Compose's own file with its override, and every other file over it."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS)
        files = sorted(name for name in names if _COMPOSE_FILE.fullmatch(name))
        base = next((name for name in FILE_NAMES if name in files), None)
        if base is None:
            yield from (Asked((Path(place, name),)) for name in files)
            continue
        override = next((name for name in OVERRIDE_NAMES if name in files), None)
        own = [name for name in (base, override) if name]
        yield Asked(tuple(Path(place, name) for name in own))
        for name in files:
            if name not in own:
                yield Asked((Path(place, base), Path(place, name)), os.path.relpath(Path(place, name), root))
