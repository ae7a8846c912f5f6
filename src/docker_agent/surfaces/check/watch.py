"""Check again whenever one of the files that were looked at changes, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from docker_agent.core.errors import AgentError
from docker_agent.surfaces.check.report import Checked

EVERY_S = 0.5


def watch(
    check: Callable[[], Sequence[Checked]],
    first: Sequence[Path],
    *,
    sleep: Callable[[float], None] = time.sleep,
    every_s: float = EVERY_S,
) -> NoReturn:
    """Check, wait for a change of what was read or looked for, check again; ends by an interrupt only.

    Parameters
    ----------
    first: files that will be read, so that a change during the first check is noticed too.
    """
    watched = tuple(first)
    while True:
        seen = stamps(watched)
        print(f"-- {time.strftime('%H:%M:%S')}", flush=True)
        try:
            watched = tuple(dict.fromkeys(path for each in check() for path in each.watched))
            seen |= {path: stamp for path, stamp in stamps(watched).items() if path not in seen}
        except AgentError as error:
            print(error, flush=True)
        while stamps(watched) == {path: seen.get(path, 0.0) for path in watched}:
            sleep(every_s)


def stamps(paths: Iterable[Path]) -> dict[Path, float]:
    """When each file was last changed, 0 for one that is not there."""
    found: dict[Path, float] = {}
    for path in paths:
        try:
            found[path] = path.stat().st_mtime
        except OSError:
            found[path] = 0.0
    return found
