"""The SOPs as texts to read."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, cast

import yaml
from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.project.workspace import Workspace
from docker_agent.settings import texts

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---[ \t]*\r?\n(.*)\Z", re.DOTALL)


class Entry(BaseModel):
    """An SOP by name, and what it is for."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str


class Guide(BaseModel):
    """The text of one SOP, or the list of all of them where none was named."""

    model_config = ConfigDict(frozen=True)

    name: str
    text: str
    sops: tuple[Entry, ...] = ()


@tool(risk=Risk.READ)
def guide(_ws: Workspace, name: Annotated[str, "Name of the SOP; empty for the list of all."] = "") -> Guide:
    """Fetch a standard operating procedure in ten steps, or list them all.

    Follow the SOP that fits the request; it says which tools to call in which order and when to stop.
    """
    pages = {path.stem: path for path in sorted((texts("prompts") / "sops").glob("*.md"))}
    if not name.strip():
        entries = tuple(Entry(name=stem, title=_read(path)[0]) for stem, path in pages.items())
        return Guide(name="", text="", sops=entries)
    wanted = re.sub(r"[\s_]+", "-", name.strip().lower()).removesuffix(".md")
    if wanted not in pages:
        close = difflib.get_close_matches(wanted, list(pages), n=3, cutoff=0.4)
        hint = f"Nearest: {', '.join(close)}." if close else f"There are: {', '.join(pages)}."
        raise InputError(f"There is no SOP {name.strip()[:80]!r}.", hint)
    return Guide(name=wanted, text=_read(pages[wanted])[1])


def _read(path: Path) -> tuple[str, str]:
    text = path.read_text(encoding="utf-8")
    split = _FRONT_MATTER.match(text)
    if split is None:
        return path.stem, text
    data = cast("dict[str, Any]", yaml.load(split[1], _LOADER))  # noqa: S506 - a safe one
    return str(data.get("title", path.stem)), split[2].strip()
