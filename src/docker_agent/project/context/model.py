"""The project's own words: `.project-context.md`, found, read and typed."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field, fields
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Severity
from docker_agent.project.context.draft import Draft, Gpu, Mistake, Peer, Proxy, known_key
from docker_agent.project.context.fields import fill
from docker_agent.project.context.markdown import read_nodes
from docker_agent.project.context.sections import TITLE, Line, read_lines, sections

FILE_NAME = ".project-context.md"
MAX_BYTES = 2_000_000

__all__ = [
    "EMPTY",
    "FILE_NAME",
    "Mistake",
    "Peer",
    "ProjectContext",
    "find_context",
    "parse_context",
    "prompt_text",
    "read_context",
]


@dataclass(frozen=True)
class ProjectContext:
    """What the project says of itself; every field has a neutral default, so that no file means no wishes.

    Attributes
    ----------
    path, text: the file and all of its text; None and "" where there is no file.
    name: the project's name, from the section or the file's first heading.
    reverse_proxy, reverse_proxy_version: `traefik`, `nginx`, `caddy` or "", and a version such as `3.2`.
    network: the shared network that services join.
    gpu: vendor, `any` where a GPU is wanted without naming one, "" for none.
    service_groups: services by group name.
    compose_files: paths and globs as written.
    policies: severity by rule code; `policy_lines` says where each was read.
    production: whether this is a production system.
    hosts, delegates: other machines, and other agents to hand work to.
    projects: further compose projects whose objects are the project's own.
    unknown: keys that nothing here knows, as written, with their values.
    mistakes: what was not understood, with line and column.
    """

    path: Path | None = None
    name: str = ""
    text: str = field(default="", repr=False)
    reverse_proxy: Proxy = ""
    reverse_proxy_version: str = ""
    network: str = ""
    gpu: Gpu = ""
    service_groups: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    compose_files: tuple[str, ...] = ()
    policies: dict[str, Severity] = field(default_factory=dict[str, Severity])
    policy_lines: dict[str, int] = field(default_factory=dict[str, int])
    production: bool = False
    hosts: tuple[Peer, ...] = ()
    delegates: tuple[Peer, ...] = ()
    projects: tuple[str, ...] = ()
    unknown: dict[str, str] = field(default_factory=dict[str, str])
    mistakes: tuple[Mistake, ...] = ()


EMPTY = ProjectContext()


def find_context(start: Path) -> Path | None:
    """Look for the context file in a folder and upwards, as far as the home folder or the file system's root.

    Folders above the start that everyone can write to are passed over: a file planted there is not the project's word.
    """
    start = start.absolute()
    folder = start if start.is_dir() else start.parent
    home = _home()
    for place in (folder, *folder.parents):
        if place != folder and home.is_relative_to(place) and place != home and folder.is_relative_to(home):
            return None
        if (place == folder or not _writable_by_all(place)) and _is_file(place / FILE_NAME):
            return place / FILE_NAME
    return None


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _writable_by_all(folder: Path) -> bool:
    try:
        return bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return True


def read_context(path: Path) -> ProjectContext:
    """Read and parse one context file.

    Raises
    ------
    InputError: the file is missing, unreadable, larger than 2 MB or no text; the message says what to do.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path.name} is no regular file.", "Replace it by a Markdown file.")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path.name} cannot be read: {reason}.", "Check that it is a file you may read.") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{path.name} is larger than 2 MB.", "Move what is not about the project elsewhere.")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is no UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from error
    if "\0" in text:
        raise InputError(f"{path.name} holds binary data.", "Replace it by a Markdown text.")
    return parse_context(text, path)


def parse_context(text: str, path: Path | None = None) -> ProjectContext:
    """Type what the Docker section says; no text makes this fail, `mistakes` says what was not understood."""
    draft = Draft()
    lines = read_lines(text)
    found = sections(lines, len(text))
    if not found:
        draft.complain(1, 1, "There is no Docker section.", "Add a heading `## Docker Configuration`.")
    for section in found:
        first = section.lines[0].number
        if section.close:
            draft.complain(first, 1, f"`{section.title}` is read as the Docker section.", f"Write `{TITLE.title()}`.")
        if section is not found[0]:
            hint = "They are read as one; join them."
            draft.complain(first, 1, f"A Docker section already begins in line {found[0].lines[0].number}.", hint)
        fill(draft, read_nodes(section, known_key, draft.complain))
    draft.name = draft.name or _title(lines)
    known = {entry.name for entry in fields(ProjectContext)}
    values = {name: value for name, value in vars(draft).items() if name in known}
    values["mistakes"] = tuple(sorted(draft.mistakes, key=lambda mistake: (mistake.line, mistake.column)))
    return ProjectContext(path=path, text=text, **values)


def _title(lines: list[Line]) -> str:
    top = next((line.text for line in lines if line.kind == "heading" and line.level == 1), "")
    bare = top.replace("\ufeff", "").strip().strip("#").strip()
    return re.sub(
        r"^project context\s*[:\u2013\u2014-]?\s*|\s*[:\u2013\u2014-]?\s*project context$",
        "",
        bare[:200],
        flags=re.IGNORECASE,
    )


def prompt_text(context: ProjectContext, limit_chars: int = 16_000) -> str:
    """The file for the system prompt, in at most `limit_chars` characters.

    A longer file keeps its Docker section first, then its head; each gap says how many characters were left out.
    """
    text = context.text
    if len(text) <= limit_chars:
        return text
    spans = [(section.start, section.end) for section in sections(read_lines(text), len(text))]
    room = max(0, limit_chars - _GAP_CHARS * (len(spans) + 1))
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        kept.append((start, min(end, start + room)))
        room -= kept[-1][1] - start
    head = _head_end(kept, room)
    pieces: list[str] = []
    at = 0
    for start, end in sorted([(0, head), *kept, (len(text), len(text))]):
        if start > at:
            pieces.append(f"\n[... {start - at:,} characters of {FILE_NAME} left out ...]\n")
        pieces.append(text[max(at, start) : max(at, end)])
        at = max(at, end)
    return "".join(pieces)[:limit_chars]


_GAP_CHARS = 80


def _head_end(kept: list[tuple[int, int]], room: int) -> int:
    """Where the head ends when `room` characters beside the kept spans are left for it."""
    at = 0
    for start, end in sorted(kept):
        if start - at >= room:
            break
        room -= start - at
        at = end
    return at + room
