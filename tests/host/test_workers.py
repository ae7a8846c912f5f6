"""Which workers of an Nginx take requests, and the wait until the new ones do."""

from __future__ import annotations

import pytest

from docker_agent.core.errors import CheckFailed
from docker_agent.host.workers import await_takeover, workers

TITLES = ["UID", "PID", "CMD"]
MASTER = ["root", "1", "nginx: master process nginx -g daemon off;"]


class Top:
    """An engine that shows the next list of processes each time it is asked, the last one again and again."""

    def __init__(self, *looks: list[list[str]]) -> None:
        self.looks = list(looks)

    def top(self, name: str) -> dict[str, list[str] | list[list[str]]]:
        assert name == "edge"
        return {"Titles": TITLES, "Processes": self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]}


def worker(pid: str, *, leaving: bool = False) -> list[str]:
    """One worker's line."""
    return ["nginx", pid, f"nginx: worker process{' is shutting down' if leaving else ''}"]


def test_a_reload_is_over_when_the_old_workers_leave() -> None:
    old, both, new = [MASTER, worker("7")], [MASTER, worker("7"), worker("9")], [MASTER, worker("7", leaving=True)]
    engine = Top(old, both, new)
    before = workers(engine, "edge")
    assert before == {"7"}
    await_takeover(engine, "edge", before)
    assert workers(engine, "edge") == frozenset()
    with pytest.raises(CheckFailed, match="goes on with the one before"):
        await_takeover(Top(old), "edge", before, within_s=0.01)
