"""Nginx's workers: those of a configuration that was read go on until those of the next one have begun."""

from __future__ import annotations

import time
from typing import Any

from docker_agent.core.errors import AgentError, CheckFailed
from docker_agent.host.connect import asking

WORKER = "nginx: worker process"
TAKE_OVER_S = 10.0


def workers(api: Any, name: str) -> frozenset[str]:
    """The processes of a container that take requests now, none where they cannot be seen."""
    try:
        with asking(f"processes of {name}"):
            table: dict[str, Any] = api.top(name)
    except AgentError:
        return frozenset()
    titles: list[str] = table.get("Titles") or []
    processes: list[list[str]] = table.get("Processes") or []
    rows = [dict(zip(titles, row, strict=False)) for row in processes]
    return frozenset(row["PID"] for row in rows if "PID" in row and row.get("CMD", "").strip() == WORKER)


def await_takeover(api: Any, name: str, before: frozenset[str], within_s: float = TAKE_OVER_S) -> None:
    """Wait until no worker of the old configuration takes requests.

    Raises
    ------
    CheckFailed: they still do so when time is up, as where a port of the new one is taken.
    """
    until = time.monotonic() + within_s
    while before & workers(api, name):
        if time.monotonic() > until:
            said = f"{name} took its configuration for good, but goes on with the one before."
            raise CheckFailed(said, f"See `docker logs --tail 20 {name}`.")
        time.sleep(0.05)
