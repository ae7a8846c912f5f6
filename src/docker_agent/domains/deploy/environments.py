"""Show the environments of a stack, and in what two of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.secret import key_looks_secret, value_looks_secret
from docker_agent.core.tool import tool
from docker_agent.domains.deploy.environment import WORDS, Setting, environments_here, setting_of
from docker_agent.project.compose.nodes import plain_value
from docker_agent.project.workspace import Workspace

HIDDEN = "<secret>"
HIDDEN_OTHER = "<another secret>"
MISSING = "(not set)"
MAX_CHARS = 160


class EnvironmentFiles(BaseModel):
    """One environment and the files that it has of its own."""

    model_config = ConfigDict(frozen=True)

    name: str
    files: tuple[str, ...]


class Difference(BaseModel):
    """One value that differs: of which service, network or volume, which key, and what each has; secrets are masks."""

    model_config = ConfigDict(frozen=True)

    object: str
    key: str
    first: str
    second: str


class Environments(BaseModel):
    """The environments, and the differences of two, where two were named."""

    model_config = ConfigDict(frozen=True)

    environments: tuple[EnvironmentFiles, ...]
    compared: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    note: str = ""


@tool(
    domain="stack",
    risk=Risk.READ,
    on_demand=True,
    examples=("docker-agent stack environments", "docker-agent stack environments dev prod"),
)
def environments(
    ws: Workspace,
    names: Annotated[list[str] | None, "Two environments to compare; none for a list."] = None,
) -> Environments:
    """List the environments of the stack, or compare two: per service, what each says after all files are merged.

    An environment is compose.NAME.yaml over the base files, with .env.NAME in place of .env. Values of secrets are not
    shown, only whether they differ.
    """
    here = environments_here(ws)
    rows = tuple(EnvironmentFiles(name=name, files=files) for name, files in here.items())
    if not names:
        note = "" if rows else "no environment has files of its own; `stack add-environment production` makes them"
        return Environments(environments=rows, note=note)
    if len(names) != 2:
        raise InputError(f"{len(names)} environments were named.", "Name two to compare, such as: dev prod.")
    first, second = (_known(name, here) for name in names)
    found = tuple(_differences(ws, setting_of(ws, first), setting_of(ws, second)))
    note = "" if found else "both are the same once all files are merged"
    return Environments(environments=rows, compared=(first, second), differences=found, note=note)


def _known(word: str, here: Mapping[str, tuple[str, ...]]) -> str:
    name = next((known for known, words in WORDS.items() if word in words), word)
    if name not in here and name not in WORDS:
        raise InputError(f"There is no environment {word!r}.", f"There are: {', '.join(sorted({*WORDS, *here}))}.")
    return name


def _differences(ws: Workspace, first: Setting, second: Setting) -> Iterator[Difference]:
    ours, theirs = _flat(first), _flat(second)
    for place in sorted({*ours, *theirs}):
        one, other = ours.get(place), theirs.get(place)
        if one != other:
            left, right = _said(ws, place[1], one), _said(ws, place[1], other)
            both = left == right == HIDDEN
            yield Difference(object=place[0], key=place[1], first=left, second=HIDDEN_OTHER if both else right)


def _said(ws: Workspace, key: str, value: object) -> str:
    if value is None:
        return MISSING
    text = str(value).lower() if isinstance(value, bool) else str(value)
    last = key.rpartition(".")[2]
    if text and (key_looks_secret(last) or value_looks_secret(text)):
        return HIDDEN
    return ws.quote(ws.mask(text), MAX_CHARS)


def _flat(setting: Setting) -> dict[tuple[str, str], object]:
    """Every value of the merged files, by service (or kind and name of what else is declared) and key."""
    model = setting.stack.model
    found: dict[tuple[str, str], object] = {}
    for name, service in model.services.items():
        raw = cast("dict[str, Any]", plain_value(service.raw) or {})
        for key, value in raw.items():
            said = dict(service.environment) if key == "environment" else value
            found |= {(name, path): each for path, each in _leaves(key, said)}
    for declared in (model.networks, model.volumes, model.secrets, model.configs):
        for each in declared.values():
            said = plain_value(each.raw) if each.raw is not None else ""
            found |= {(f"{each.kind} {each.key}", path): value for path, value in _leaves("", said)}
    return found


def _leaves(path: str, value: Any) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, each in cast("dict[str, Any]", value).items():
            yield from _leaves(f"{path}.{key}".lstrip("."), each)
    elif isinstance(value, list):
        items = cast("list[Any]", value)
        yield path, ", ".join(map(str, items)) if items else "[]"
    else:
        yield path or "declared", "" if value is None else value
