"""The log of a container or of all replicas of a service."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import InputError
from docker_agent.core.log_patterns import patterns_of
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.stack import parse_time, resolve_all
from docker_agent.host.models import Container, LogLine
from docker_agent.project.workspace import Workspace

MAX_TAIL = 5_000
MAX_GROUPED = 200_000
MAX_PATTERNS = 60
MAX_PATTERN = 200
MAX_REPEATS = 3
MAX_MATCHED_CHARS = 1_000
MAX_LINE_CHARS = 500
MATCH_SECONDS = 2.0

Matches = Callable[[str], bool]


class Logs(BaseModel):
    """Lines of a log as `NUMBER TIME STREAM TEXT`, oldest first; `note` says what was left out or done otherwise."""

    model_config = ConfigDict(frozen=True)

    container: str
    lines: tuple[str, ...]
    read: int
    note: str = ""


@tool(
    risk=Risk.READ,
    untrusted="container logs",
    examples=(
        "docker-agent stack logs web --tail 500 --grep 'error|fatal'",
        "docker-agent stack logs web --since 1h --group",
    ),
)
def logs(
    ws: Workspace,
    container: Annotated[str, "A service, a container's name or the start of its id."],
    tail: Annotated[int, "How many of the last lines to read, 1 to 5000."] = 100,
    since: Annotated[str, 'Only lines after this time: "10m", "2h" or RFC 3339.'] = "",
    until: Annotated[str, "Only lines before this time."] = "",
    grep: Annotated[str, "Only lines that match this regular expression, case ignored."] = "",
    stream: Annotated[Literal["both", "stdout", "stderr"], "Which output stream to show."] = "both",
    group: Annotated[bool, "Lines of one shape as one, with their count; tail may then be 200000."] = False,
) -> Logs:
    """Read the last lines of a container's log, by time, stream and pattern.

    With `grep` the pattern is searched in the last `tail` lines, so give a larger tail to look further back. A pattern
    that could take for ever to match is searched as plain text instead. A flood is short with `group`: each pattern
    with its count and the numbers of its first and last line, errors first.
    """
    most = MAX_GROUPED if group else MAX_TAIL
    if not 1 <= tail <= most:
        raise InputError(f"tail is {tail}.", f"Give a number from 1 to {most}.")
    now = ws.host.now()
    begin, end = parse_time(since, now), parse_time(until, now)
    if begin and end and begin > end:
        raise InputError(f"since ({since}) is later than until ({until}).", "Swap them.")
    matches, note = _matcher(grep)
    found = resolve_all(ws, container)
    lines: list[str] = []
    kept: list[LogLine] = []
    read = 0
    deadline = time.monotonic() + MATCH_SECONDS
    for each in found:
        for line in ws.host.logs(each.name, tail=tail, since=begin, until=end):
            read += 1
            if stream not in ("both", line.stream):
                continue
            if time.monotonic() > deadline:
                note = f"the search was stopped after {MATCH_SECONDS:g} s; use a simpler pattern"
                break
            if grep and not matches(ws.mask(line.text)[:MAX_MATCHED_CHARS]):
                continue
            if group:
                kept.append(line)
            else:
                lines.append(_say(ws, each, line, several=len(found) > 1))
        if group:
            lines += _grouped(ws, each, kept, several=len(found) > 1)
            kept.clear()
    if grep and not lines:
        note = "; ".join(filter(None, (note, f"none of the {read} lines that were read matches {grep!r}")))
    return Logs(container=", ".join(each.name for each in found), lines=tuple(lines), read=read, note=note)


def _grouped(ws: Workspace, container: Container, lines: list[LogLine], *, several: bool) -> list[str]:
    """Each pattern as `COUNTx FIRST-LAST TEXT`, the gravest and rarest first, with the numbers of its lines."""
    name = f"{container.name} " if several else ""
    patterns = patterns_of([line.text for line in lines])
    said = [
        f"{name}{each.count}x {lines[each.first].number}-{lines[each.last].number} "
        f"{ws.quote(lines[each.first].text if each.count == 1 else each.template, MAX_LINE_CHARS)}"
        for each in patterns[:MAX_PATTERNS]
    ]
    rest = patterns[MAX_PATTERNS:]
    return [*said, f"{name}and {len(rest)} more patterns, {sum(each.count for each in rest)} lines"] if rest else said


def _say(ws: Workspace, container: Container, line: LogLine, *, several: bool) -> str:
    text = ws.quote(line.text, MAX_LINE_CHARS)
    words = [container.name if several else "", str(line.number), line.time[:19], line.stream, text]
    return " ".join(word for word in words if word)


def _matcher(pattern: str) -> tuple[Matches, str]:
    if not pattern:
        return (lambda _text: True), ""
    if len(pattern) > MAX_PATTERN:
        raise InputError(f"The pattern has {len(pattern)} characters.", f"Give at most {MAX_PATTERN}.")
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(
            f"The pattern {pattern!r} is no regular expression: {error}.", "Escape it or fix it."
        ) from error
    if _may_explode(pattern):
        plain = pattern.lower()
        return (lambda text: plain in text.lower()), "the pattern could take for ever, so it was searched as plain text"
    return (lambda text: compiled.search(text) is not None), ""


def _may_explode(pattern: str) -> bool:
    bare = re.sub(r"\\.|\[[^\]]*\]", "x", pattern)
    repeated_group = re.search(r"\)(?:[*+]|\{\d*,)", bare) is not None
    return repeated_group or len(re.findall(r"[*+]|\{\d*,", bare)) > MAX_REPEATS
