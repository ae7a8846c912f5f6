"""Baselines: the findings that were there when somebody began to look, so that only new ones count."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar, cast

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.core.record import value
from docker_agent.domains.compose.suppress import where
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Entry, Mapping, Node, Scalar, Sequence

Found = TypeVar("Found")

VERSION = 1

# Lists whose items name what they are; other items may be anything, secrets too.
_TELLING = frozenset(
    {"ports", "volumes", "security_opt", "cap_add", "cap_drop", "devices", "tmpfs", "env_file", "networks", "profiles"}
    | {"depends_on", "secrets", "configs", "expose", "links", "volumes_from", "dns", "group_add", "extra_hosts"}
)
_KEYED = frozenset({"environment", "labels", "args", "annotations", "sysctls"})
_NAMES = ("target", "source", "published", "path", "name")


class Known(NamedTuple):
    """A finding as it is known again: file, code, object and the value it is about, whatever line that is on."""

    file: str
    code: str
    object: str
    key: str


@value
class Baseline:
    """Findings by how often they were there."""

    entries: Counter[Known]

    def apply(self, found: Iterable[Found], known: Callable[[Found], Known]) -> tuple[list[Found], int, list[Known]]:
        """What is new of what was found, how many were known, and the entries that are there no more."""
        left = self.entries.copy()
        new: list[Found] = []
        old = 0
        for each in found:
            if left[known(each)] > 0:
                left[known(each)] -= 1
                old += 1
            else:
                new.append(each)
        return new, old, sorted((+left).elements())


def known_of(model: ComposeModel, finding: Finding) -> Known:
    """What makes a finding the same one after lines were added above it or its message was reworded."""
    file, line = where(finding)
    column = int(finding.evidence[0].where.rsplit(":", 1)[1])
    return Known(file, finding.code, finding.object, _key(model, file, line, column))


def write_baseline(baseline: Baseline) -> str:
    """The text of a baseline file: JSON in a fixed order, one entry a line, so that it can be compared and merged."""
    rows = [
        json.dumps({**known._asdict(), **({"count": count} if count > 1 else {})}, ensure_ascii=False)
        for known, count in sorted(baseline.entries.items())
    ]
    body = "\n" + ",\n".join(f"    {row}" for row in rows) + "\n  " if rows else ""
    return f'{{\n  "version": {VERSION},\n  "findings": [{body}]\n}}\n'


def read_baseline(text: str, name: str) -> Baseline:
    """The baseline of a file's text.

    Raises
    ------
    InputError: it is no baseline, or one of a newer version.
    """
    again = "Write it anew."
    try:
        data: Any = json.loads(text)
        version, rows = data["version"], data["findings"]
        entries = Counter[Known]()
        for row in cast("list[dict[str, Any]]", rows):
            known = Known(*(str(row[key]) for key in ("file", "code", "object", "key")))
            entries[known] += int(row.get("count", 1))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{name} is no baseline.", again) from error
    if version != VERSION:
        raise InputError(f"{name} is a baseline of version {str(version)[:20]}, and this is {VERSION}.", again)
    return Baseline(entries)


def _key(model: ComposeModel, file: str, line: int, column: int) -> str:
    source = model.source(file)
    if line > len(source.line_starts):
        return ""
    offset = source.line_starts[line - 1] + column - 1
    steps: list[str] = []
    for document in model.documents:
        if document.source is source and document.root.start <= offset <= document.root.end:
            steps = _path(document.root, offset)
    if steps:
        return ".".join(steps)
    words = source.text[offset:].split("\n", 1)[0].partition("=")[0].split()
    return " ".join(words[:2])


def _path(node: Node, offset: int) -> list[str]:
    """The keys down to a place; items of lists by what they name, since their number changes."""
    steps: list[str] = []
    while True:
        if isinstance(node, Mapping):
            below = _entry_at(node, offset)
            if below is None:
                return steps
            steps.append(below.key.value)
            if below.alias or offset < below.key.end:
                return steps
            node = below.value
        elif isinstance(node, Sequence):
            place = next((n for n, item in enumerate(node.items) if item.start <= offset <= item.end), None)
            if place is None:
                return steps
            node = node.items[place]
            steps.append(_name(node, place, steps[-1] if steps else ""))
        else:
            return steps


def _entry_at(node: Mapping, offset: int) -> Entry | None:
    """The entry that is written around a place; those that are merged in come last, the others in their order."""
    count = len(node.entries)
    while count and node.entries[count - 1].merged:
        count -= 1
    place = bisect_right(node.entries, offset, hi=count, key=lambda entry: entry.key.start) - 1
    return node.entries[place] if place >= 0 and offset <= _end(node.entries[place]) else None


def _end(entry: Entry) -> int:
    return entry.alias[1] if entry.alias else max(entry.value.end, entry.key.end)


def _name(item: Node, place: int, owner: str) -> str:
    if isinstance(item, Scalar) and owner in _KEYED:
        return item.written.partition("=")[0]
    if isinstance(item, Scalar) and owner in _TELLING:
        return item.written
    if isinstance(item, Mapping) and owner in _TELLING:
        named = (value.written for key in _NAMES if isinstance(value := item.get(key), Scalar))
        return next(named, str(place))
    return str(place)
