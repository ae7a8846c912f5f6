"""Check again whenever a file that was looked at changes or a stack comes or goes, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from docker_agent.core.errors import AgentError
from docker_agent.surfaces.check.report import Checked
from docker_agent.surfaces.check.stacks import Asked

EVERY_S = 0.5
REST = 4  # times as long as looking took, so that large folders keep no core busy


def watch(
    find: Callable[[], Sequence[Asked]],
    check: Callable[[Sequence[Asked]], Sequence[Checked]],
    *,
    sleep: Callable[[float], None] = time.sleep,
    every_s: float = EVERY_S,
) -> NoReturn:
    """Check, wait for a change of what was read or looked for, check again; ends by an interrupt only.

    Parameters
    ----------
    find: the stacks that are meant, which are looked for again while waiting.
    """
    while True:
        print(f"-- {time.strftime('%H:%M:%S')}", flush=True)
        stacks: Sequence[Asked] = ()
        seen: dict[Path, float] = {}
        try:
            stacks = find()
            seen = stamps(file for asked in stacks for file in asked.files)
            watched = (path for each in check(stacks) for path in each.watched)
            seen |= stamps(path for path in watched if path not in seen)
        except AgentError as error:
            print(error, flush=True)
        rest = every_s
        while stamps(seen) == seen:
            sleep(rest)
            began = time.monotonic()
            if _found(find) != stacks:
                break
            rest = max(every_s, REST * (time.monotonic() - began))


def stamps(paths: Iterable[Path]) -> dict[Path, float]:
    """When each file was last changed, 0 for one that is not there."""
    found: dict[Path, float] = {}
    for path in paths:
        try:
            found[path] = path.stat().st_mtime
        except OSError:
            found[path] = 0.0
    return found


def _found(find: Callable[[], Sequence[Asked]]) -> Sequence[Asked]:
    try:
        return find()
    except AgentError:
        return ()
