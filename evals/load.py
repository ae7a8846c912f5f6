"""Send requests at a fixed rate and count what fails and how; `python -m evals.load 127.0.0.1 80 --seconds 10`.

The load is open-loop: each request has a scheduled time that does not depend on the answers before it, waits for one of
the keep-alive connections, and its latency counts from the scheduled time. Nothing is repeated unless asked for: with
`retry_stale` a GET whose reused connection ended before any answer is sent once more on a fresh one, as RFC 9112
(section 9.3.1) allows and clients do; a POST never is.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Self

from evals.load_wire import Answer, Lost, Target, Wire

POSTED = b"0123456789abcdef" * 128
SLOW_MS = 300


@dataclass(frozen=True)
class Ask:
    """One request of the mix, and by how much it wants its answer delayed."""

    method: str
    path: str
    body: bytes = b""
    delay_ms: int = 0

    def text(self, host: str) -> bytes:
        """The bytes that are sent."""
        length = f"Content-Length: {len(self.body)}\r\n" if self.body else ""
        return f"{self.method} {self.path} HTTP/1.1\r\nHost: {host}\r\n{length}\r\n".encode() + self.body


def mix(prefix: str = "") -> tuple[Ask, ...]:
    """The usual ten requests, below a path: seven quick ones, one slow one and two that send two kilobytes."""
    quick, post = Ask("GET", f"{prefix}/"), Ask("POST", f"{prefix}/", POSTED)
    slow = Ask("GET", f"{prefix}/slow?ms={SLOW_MS}", delay_ms=SLOW_MS)
    return (quick, quick, post, quick, quick, slow, quick, post, quick, quick)


@dataclass(frozen=True)
class Pace:
    """How much is asked, over how many connections, and what is done about a failure."""

    rate: float = 120
    connections: int = 40
    timeout_s: float = 10
    retry_stale: bool = False
    asks: tuple[Ask, ...] = field(default_factory=mix)


@dataclass(frozen=True)
class Failure:
    """A request that failed: when it was due, what it was and in which way it failed."""

    at_s: float
    ask: str
    kind: str


@dataclass(frozen=True)
class Load:
    """What became of all requests; latencies leave out the time that a slow request asks for.

    Parameters
    ----------
    reopened: connections that the other side had closed while they were idle, in time to be noticed; no failure.
    longest_gap_ms: the longest time in which no request succeeded.
    """

    seconds: float
    total: int
    succeeded: int
    failures: tuple[Failure, ...]
    versions: Mapping[str, int]
    retried: int
    reopened: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    longest_gap_ms: float

    @property
    def failed(self) -> Mapping[str, int]:
        """How many requests failed in which way; empty if none did."""
        return Counter(failure.kind for failure in self.failures)

    def summary(self) -> str:
        """Say it in two lines."""
        failed = ", ".join(f"{count} {kind}" for kind, count in sorted(self.failed.items())) or "none"
        versions = ", ".join(f"{version}: {count}" for version, count in sorted(self.versions.items()))
        return (
            f"{self.total} requests in {self.seconds:.1f} s; failed: {failed}; retried {self.retried}, "
            f"reopened {self.reopened}\nversions {versions or '-'}; p50 {self.p50_ms:.1f} p95 {self.p95_ms:.1f} "
            f"p99 {self.p99_ms:.1f} ms; longest gap {self.longest_gap_ms:.0f} ms"
        )


@dataclass
class _Tally:
    """What has become of the requests so far."""

    began: float = field(default_factory=time.monotonic)
    total: int = 0
    retried: int = 0
    reopened: int = 0
    latencies: list[float] = field(default_factory=list[float])
    failures: list[Failure] = field(default_factory=list[Failure])
    versions: Counter[str] = field(default_factory=Counter[str])
    last: float = 0
    gap: float = 0

    def success(self, due: float, ask: Ask, answer: Answer) -> None:
        now = time.monotonic()
        self.latencies.append(max(0, now - due - ask.delay_ms / 1000))
        self.versions[answer.headers.get("x-app-version", "none")] += 1
        self.gap = max(self.gap, now - max(self.last, self.began))
        self.last = now

    def failure(self, due: float, ask: Ask, kind: str) -> None:
        self.failures.append(Failure(round(due - self.began, 3), f"{ask.method} {ask.path}", kind))

    def load(self, ended: float) -> Load:
        ordered = sorted(self.latencies)

        def percentile(share: float) -> float:
            return round(ordered[math.ceil(share * len(ordered)) - 1] * 1000, 2) if ordered else math.nan

        return Load(
            seconds=round(ended - self.began, 3),
            total=self.total,
            succeeded=len(ordered),
            failures=tuple(self.failures),
            versions=dict(self.versions),
            retried=self.retried,
            reopened=self.reopened,
            p50_ms=percentile(0.50),
            p95_ms=percentile(0.95),
            p99_ms=percentile(0.99),
            longest_gap_ms=round(max(self.gap, ended - max(self.last, self.began)) * 1000, 1),
        )


def run(target: Target, seconds: float, pace: Pace | None = None) -> Load:
    """Load a target for so many seconds, wait for the last answers and return the count."""
    return asyncio.run(_drive(target, pace or Pace(), lambda due: due >= seconds))


class Running:
    """A load that goes on in a thread of its own while something else happens; also a context manager."""

    def __init__(self, target: Target, pace: Pace | None = None) -> None:
        self._target, self._pace = target, pace or Pace()
        self._ended = threading.Event()
        self._threads = ThreadPoolExecutor(1)
        self._load: Future[Load] | None = None

    def start(self) -> None:
        """Begin; a load can be started once."""
        drive = _drive(self._target, self._pace, lambda _: self._ended.is_set())
        self._load = self._threads.submit(asyncio.run, drive)

    def stop(self) -> Load:
        """Schedule no more requests, wait for the last answers and return the count; again gives the same count."""
        if self._load is None:
            raise RuntimeError("the load was not started; call start() first")
        self._ended.set()
        self._threads.shutdown()
        return self._load.result()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


async def _drive(target: Target, pace: Pace, over: Callable[[float], bool]) -> Load:
    waiting: asyncio.Queue[tuple[float, Ask] | None] = asyncio.Queue()
    tally = _Tally()
    workers = [asyncio.create_task(_work(Wire(target), pace, waiting, tally)) for _ in range(pace.connections)]
    while not over(tally.total / pace.rate):
        due = tally.began + tally.total / pace.rate
        await asyncio.sleep(max(0, due - time.monotonic()))
        waiting.put_nowait((due, pace.asks[tally.total % len(pace.asks)]))
        tally.total += 1
    ended = time.monotonic()
    for _ in workers:
        waiting.put_nowait(None)
    await asyncio.gather(*workers)
    return tally.load(ended)


async def _work(wire: Wire, pace: Pace, waiting: asyncio.Queue[tuple[float, Ask] | None], tally: _Tally) -> None:
    """Carry one request after another over one connection."""
    while (item := await waiting.get()) is not None:
        due, ask = item
        try:
            async with asyncio.timeout(pace.timeout_s):
                answer = await _exchange(wire, ask, tally, retry=pace.retry_stale and ask.method == "GET")
            if complaint := _complaint(ask, answer):
                tally.failure(due, ask, complaint)
            else:
                tally.success(due, ask, answer)
        except TimeoutError:
            wire.drop()
            tally.failure(due, ask, "timeout")
        except Lost as lost:
            wire.drop()
            tally.failure(due, ask, lost.kind)
    wire.drop()


async def _exchange(wire: Wire, ask: Ask, tally: _Tally, *, retry: bool) -> Answer:
    tally.reopened += await wire.open()
    request = ask.text(wire.target.name)
    try:
        return await wire.exchange(request)
    except Lost as lost:
        if lost.kind != "stale" or not retry:
            raise
    wire.drop()
    tally.retried += 1
    await wire.open()
    return await wire.exchange(request)


def _complaint(ask: Ask, answer: Answer) -> str:
    """Return the kind of failure that a whole answer is, "" if it is as it should be."""
    if answer.status != 200:
        return f"status {answer.status}"
    if ask.body:
        try:
            told = json.loads(answer.body)["sha256"]
        except (ValueError, KeyError, TypeError):
            return "malformed"
        return "" if told == hashlib.sha256(ask.body).hexdigest() else "wrong body"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Load a target as the options say; the exit code is 1 if a request failed."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--host-header", default="", help="the name to ask for, by default the host")
    parser.add_argument("--prefix", default="", help="put before every path")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=Pace.rate, help="requests a second (%(default)s)")
    parser.add_argument("--connections", type=int, default=Pace.connections, help="%(default)s by default")
    parser.add_argument("--retry-stale", action="store_true", help="send a GET once more if its connection was stale")
    parser.add_argument("--ca", help="speak TLS and trust this file's authority")
    parser.add_argument("--json", action="store_true", help="print everything, with each failure")
    chosen = parser.parse_args(arguments)
    tls = ssl.create_default_context(cafile=chosen.ca) if chosen.ca else None
    pace = Pace(chosen.rate, chosen.connections, retry_stale=chosen.retry_stale, asks=mix(chosen.prefix))
    load = run(Target(chosen.host, chosen.port, chosen.host_header, tls), chosen.seconds, pace)
    print(json.dumps(asdict(load)) if chosen.json else load.summary())
    return 1 if load.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
