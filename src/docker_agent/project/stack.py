"""The stack of a folder: which compose files it is made of, its name, its variables and its model."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docker_agent.core.errors import InputError
from docker_agent.core.record import field, record, replace
from docker_agent.host.files import find_files, read_file
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.texts import unset_words
from docker_agent.project.compose.types import Problem
from docker_agent.project.disk import Disk, HostDisk
from docker_agent.project.dotenv import parse_dotenv

if TYPE_CHECKING:
    from docker_agent.project.workspace import Workspace  # costs pydantic, which the compose checker does without

# In the order of compose-go's cli/options.go.
FILE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)

NAME = re.compile(r"""^name:[ \t]*["']?([a-z0-9][a-z0-9_-]*)["']?[ \t]*(?:#.*)?$""", re.MULTILINE)

Read = Callable[[Path], bytes]
Find = Callable[[Path, str], list[Path]]


@record
class Stack:
    """A compose project as its files say it.

    Attributes
    ----------
    root: the folder that file names are relative to.
    directory: the folder that Compose resolves paths from, the first file's.
    name: the project's name, as Compose makes it.
    variables: what the `.env` files set, without the shell's own; the values may be secret.
    dotenv: those `.env` files, whether they are there or not.
    """

    root: Path
    directory: Path
    files: tuple[Path, ...]
    name: str
    model: ComposeModel = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    dotenv: tuple[Path, ...] = ()


def find_stack(
    root: Path,
    *,
    context_files: Sequence[str] = (),
    read: Read = read_file,
    find: Find = find_files,
    environment: Mapping[str, str] = os.environ,
    disk: Disk | None = None,
    strict: bool = True,
) -> Stack | None:
    """Find and read the stack of a folder, None where it has no compose file.

    COMPOSE_FILE (from the shell or `.env`) comes first, then the files that the project context names, then Compose's
    own names with their override file.

    Parameters
    ----------
    context_files: paths and globs relative to the root.
    disk: the file system for rules that ask about it.
    strict: a compose file that gives no nodes is an error; otherwise it is a problem of the model.

    Raises
    ------
    InputError: a named file is not there, or a file cannot be read as what it is.
    """
    files = find_stack_files(root, context_files=context_files, read=read, find=find, environment=environment)
    if not files:
        return None
    return open_stack(root, files, read=read, environment=environment, disk=disk, strict=strict)


def find_stack_files(
    root: Path,
    *,
    context_files: Sequence[str] = (),
    read: Read = read_file,
    find: Find = find_files,
    environment: Mapping[str, str] = os.environ,
) -> list[Path]:
    """The compose files of a folder in their order, found as `find_stack` finds them; none of them is parsed.

    Raises
    ------
    InputError: a named file is not there, or `.env` cannot be read as what it is.
    """
    dotenv = _read_dotenv(root, root, read, environment)
    files = _named_files(root, {**dotenv, **environment}) or _context_files(root, context_files, read, find)
    return files or _standard_files(root, read)


def open_stack(
    root: Path,
    files: Sequence[Path],
    *,
    read: Read = read_file,
    environment: Mapping[str, str] = os.environ,
    disk: Disk | None = None,
    strict: bool = True,
    template: bool | None = None,
) -> Stack:
    """Read the stack of certain files, laid over each other in their order.

    Parameters
    ----------
    strict, template: as for `load`.

    Raises
    ------
    InputError: a file is not there or cannot be read as what it is.
    """
    directory = files[0].parent
    dotenv = _read_dotenv(root, directory, read, environment)
    known = {**dotenv, **environment}
    given = known.get("COMPOSE_PROJECT_NAME", "")
    fallback = normalize_name(directory.absolute().name)
    variables = {"COMPOSE_PROJECT_NAME": fallback, **known}
    model = load(files, read=read, variables=variables, root=root, disk=disk, strict=strict, template=template)
    model = _with_name_checked(model, given)
    name = given or normalize_name(model.name) or fallback
    return Stack(root, directory, tuple(files), name, model, dotenv, tuple(_dotenv_files(root, directory, environment)))


def stack_of(
    ws: Workspace, *, files: Sequence[str] = (), strict: bool = True, template: bool | None = None
) -> Stack | None:
    """The stack of a workspace, or of certain files of it, None where there is no compose file.

    Parameters
    ----------
    strict, template: as for `load`.

    Raises
    ------
    InputError: as `find_stack`; or a file is outside the project.
    """
    read, find = ws.host.read_file, ws.host.find_files
    paths = [_inside(ws.root, name) for name in files] or find_stack_files(
        ws.root, context_files=ws.context.compose_files, read=read, find=find
    )
    disk = HostDisk(ws.host)
    return open_stack(ws.root, paths, read=read, disk=disk, strict=strict, template=template) if paths else None


def compose_argv(stack: Stack, *arguments: str) -> tuple[str, ...]:
    """The argument list of a `docker compose` command for exactly this stack."""
    return ("docker", "compose", *compose_options(stack), *arguments)


def compose_options(stack: Stack) -> tuple[str, ...]:
    """The global options of `docker compose` that name exactly this stack."""
    files = tuple(word for file in stack.files for word in ("-f", str(file)))
    return ("--project-directory", str(stack.directory), *files, "-p", stack.name)


def project_name(root: Path, environment: Mapping[str, str] = os.environ, *, read: Read = read_file) -> str:
    """The name of a folder's project without its files as a whole: where there are none, or they are broken.

    It is COMPOSE_PROJECT_NAME of the shell or of `.env`, or the `name` that stands in a broken file, or the folder's.
    """
    try:
        variables = {**_read_dotenv(root, root, read, environment), **environment}
    except InputError:
        variables = {**environment}
    given = variables.get("COMPOSE_PROJECT_NAME", "")
    return given or _written_name(root, read) or normalize_name(root.absolute().name)


def _written_name(root: Path, read: Read) -> str:
    for name in FILE_NAMES:
        try:
            text = read(root / name).decode("utf-8", "replace")
        except InputError:
            continue
        found = NAME.search(text)
        return found[1] if found else ""
    return ""


def normalize_name(name: str) -> str:
    """A folder's name as Compose makes a project's name of it: lower case, only a-z 0-9 _ -, none of _ - in front."""
    return re.sub(r"[^a-z0-9_-]", "", name.lower()).lstrip("_-")


def _with_name_checked(model: ComposeModel, given: str) -> ComposeModel:
    """The model with the complaint that its name is none, if so: one that is given is taken as it is."""
    node = model.root.get("name")
    if given:
        if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", given):
            return model
        place = model.root.place if node is None else node.place
        message = (
            f'COMPOSE_PROJECT_NAME is "{given}"; a name has only a-z, 0-9, - and _, and none of the last two first'
        )
    elif not isinstance(node, Scalar) or not node.written or normalize_name(node.value) or model.template:
        return model
    else:
        place, message = node.place, f'"{node.value}" has nothing that can name a project{unset_words(node)}'
    return replace(model, problems=(*model.problems, Problem("schema", place, message)))


def _inside(root: Path, name: str) -> Path:
    path = Path(os.path.normpath(root / name))
    if not path.is_relative_to(os.path.normpath(root)):
        raise InputError(f"{name} is outside the project.", "Name a file inside it.")
    return path


def _read_dotenv(root: Path, directory: Path, read: Read, environment: Mapping[str, str]) -> dict[str, str]:
    named = bool(environment.get("COMPOSE_ENV_FILES"))
    found: dict[str, str] = {}
    for path in _dotenv_files(root, directory, environment):
        if named or _exists(path, read):
            name = os.path.relpath(path, root).replace(os.sep, "/")
            found |= parse_dotenv(read(path), name, {**found, **environment})
    return found


def _dotenv_files(root: Path, directory: Path, environment: Mapping[str, str]) -> list[Path]:
    named = [name for name in environment.get("COMPOSE_ENV_FILES", "").split(",") if name]
    if environment.get("COMPOSE_DISABLE_ENV_FILE", "").lower() in {"1", "t", "true"}:
        return []
    return [root / name for name in named] or [directory / ".env"]


def _named_files(root: Path, variables: Mapping[str, str]) -> list[Path]:
    separator = variables.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
    return [_inside(root, name) for name in variables.get("COMPOSE_FILE", "").split(separator) if name]


def _context_files(root: Path, patterns: Sequence[str], read: Read, find: Find) -> list[Path]:
    files: list[Path] = []
    for pattern in patterns:
        path = _inside(root, pattern)
        if _exists(path, read):
            files.append(path)
            continue
        found = find(root, pattern.removeprefix("./"))
        if not found and not any(mark in pattern for mark in "*?["):
            raise InputError(f"{pattern} is named in the project context, but it cannot be read.", "Correct the name.")
        files += found
    return list(dict.fromkeys(files))


def _standard_files(root: Path, read: Read) -> list[Path]:
    first = next((root / name for name in FILE_NAMES if _exists(root / name, read)), None)
    if first is None:
        return []
    override = next((root / name for name in OVERRIDE_NAMES if _exists(root / name, read)), None)
    return [first, override] if override else [first]


def _exists(path: Path, read: Read) -> bool:
    """Whether a file is there; one that may not be read is, so that reading it says what is wrong."""
    try:
        read(path)
    except InputError as error:
        return isinstance(error.__cause__, PermissionError)
    return True
