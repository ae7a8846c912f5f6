"""Read the logs of a snapshot: the end of each, and what stands out in the long log of a broken container."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Semaphore

from docker_agent.core.log_patterns import patterns_of
from docker_agent.host.host import Reads
from docker_agent.host.models import LogLine

LOG_LINES = 200
DEEP_LINES = 200_000
DEEP_AT_ONCE = 2
MAX_PATTERNS = 40


class LogReading:
    """Reads logs from several threads; of long ones, which take memory, only a few at once.

    `ends` has the last lines of each, by name, for where the whole does not come in time.
    """

    def __init__(self, host: Reads) -> None:
        self.ends: dict[str, tuple[LogLine, ...]] = {}
        self._host = host
        self._deep = Semaphore(DEEP_AT_ONCE)

    def reader(self, name: str, *, deep: bool) -> Callable[[], list[LogLine]]:
        """A function that reads the last 200 lines; with `deep` also what stands out in the 200,000 before."""
        return lambda: self._read(name, deep=deep)

    def _read(self, name: str, *, deep: bool) -> list[LogLine]:
        lines = self._host.logs(name, tail=LOG_LINES)
        self.ends[name] = tuple(lines)
        if not deep or len(lines) < LOG_LINES:
            return lines
        with self._deep:
            return outstanding(self._host.logs(name, tail=DEEP_LINES))


def outstanding(lines: Sequence[LogLine]) -> list[LogLine]:
    """The last 200 lines, and before them the first and last line of each pattern whose words tell of a failure."""
    patterns = [each for each in patterns_of([line.text for line in lines]) if each.weight]
    chosen = {index for each in patterns[:MAX_PATTERNS] for index in (each.first, each.last)}
    chosen.update(range(max(0, len(lines) - LOG_LINES), len(lines)))
    return [lines[index] for index in sorted(chosen)]
