"""What releases under load have cost: one row for each method, proxy and application, as text, Markdown and JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from evals.load import Load

HEADS = ("method", "proxy", "app", "runs", "requests", "failed", "of these stale", "repeated", "gap ms", "p99 ms", "s")
WORDS = 3
NOTE = (
    "requests, failed, stale and repeated are sums over the runs; the longest gap without an answer, p99 and the "
    "seconds that the release took are medians. repeated: GETs that the client sent again, as their idle connection "
    "was closed."
)


@dataclass(frozen=True)
class Sample:
    """One release under load; `wrong` says why it is worth nothing, "" if it is."""

    method: str
    proxy: str
    app: str
    load: Load
    took_s: float
    wrong: str

    def said(self) -> str:
        """Say it in one line."""
        failed = ", ".join(f"{count} {kind}" for kind, count in self.load.failed.items()) or "none"
        wrong = f"; WRONG: {self.wrong}" if self.wrong else ""
        return (
            f"{self.method} on {self.proxy}, {self.app}: {self.load.total} requests, failed: {failed}, longest gap "
            f"{self.load.longest_gap_ms:.0f} ms, took {self.took_s:.0f} s{wrong}"
        )


@dataclass(frozen=True)
class Row:
    """All samples of one method on one proxy with one application; `kinds` are its failures by kind."""

    method: str
    proxy: str
    app: str
    runs: int
    requests: int
    failed: int
    stale: int
    repeated: int
    longest_gap_ms: float
    p99_ms: float
    took_s: float
    kinds: Mapping[str, int]
    wrong: Sequence[str]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Row:
        """Put samples of the same thing together."""
        loads = [sample.load for sample in samples]
        kinds = sum((Counter(load.failed) for load in loads), Counter[str]())
        return cls(
            method=samples[0].method,
            proxy=samples[0].proxy,
            app=samples[0].app,
            runs=len(samples),
            requests=sum(load.total for load in loads),
            failed=kinds.total(),
            stale=kinds["stale"],
            repeated=sum(load.retried for load in loads),
            longest_gap_ms=round(statistics.median(load.longest_gap_ms for load in loads)),
            p99_ms=round(statistics.median(load.p99_ms for load in loads)),
            took_s=round(statistics.median(sample.took_s for sample in samples)),
            kinds=dict(kinds),
            wrong=[sample.wrong for sample in samples if sample.wrong],
        )

    def cells(self) -> tuple[str, ...]:
        """The row as it is shown; a count with `!` belongs to a method that did not come to its end."""
        numbers = (self.requests, self.failed, self.stale, self.repeated)
        times = (self.longest_gap_ms, self.p99_ms, self.took_s)
        runs = f"{self.runs}{'!' if self.wrong else ''}"
        return (
            self.method,
            self.proxy,
            self.app,
            runs,
            *(f"{each:,}" for each in numbers),
            *(f"{each:,.0f}" for each in times),
        )


@dataclass(frozen=True)
class Measured:
    """All that was measured so far, and on what."""

    seconds: float
    began: float
    load_before: float
    samples: tuple[Sample, ...] = ()

    def with_sample(self, sample: Sample) -> Measured:
        """The same with one more."""
        return replace(self, samples=(*self.samples, sample))

    def rows(self) -> list[Row]:
        """The samples by method, proxy and application, in the order in which each came first."""
        found: dict[tuple[str, str, str], list[Sample]] = {}
        for sample in self.samples:
            found.setdefault((sample.proxy, sample.app, sample.method), []).append(sample)
        return [Row.of(samples) for samples in found.values()]

    def machine(self) -> str:
        """On what and when, in one sentence."""
        when = datetime.fromtimestamp(self.began, UTC).strftime("%Y-%m-%d")
        return (
            f"Measured on {when}: {os.cpu_count()} cores ({platform.machine()}, {platform.system()} "
            f"{platform.release()}), with a load average of {self.load_before:.1f} before; each load "
            f"{self.seconds:.0f} s or longer, 120 requests a second over 40 connections."
        )


def as_text(measured: Measured) -> str:
    """The table for a terminal."""
    table = [HEADS, *(row.cells() for row in measured.rows())]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADS))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < WORDS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in table
    ]
    return "\n".join([*lines, "", measured.machine(), NOTE])


def as_markdown(measured: Measured) -> str:
    """The table for a page."""
    rule = ["---" if column < WORDS else "---:" for column in range(len(HEADS))]
    lines = [HEADS, rule, *(row.cells() for row in measured.rows())]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{measured.machine()} {NOTE}\n"


def publish(measured: Measured, out: Path) -> None:
    """Write the figures as JSON, and the table as Markdown beside them."""
    out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "measured": datetime.fromtimestamp(measured.began, UTC).isoformat(timespec="seconds"),
        "machine": measured.machine(),
        "cores": os.cpu_count(),
        "load_average": {"before": measured.load_before, "after": os.getloadavg()[0]},
        "rows": [asdict(row) for row in measured.rows()],
        "samples": [
            {**asdict(sample), "load": {**asdict(sample.load), "failures": dict(sample.load.failed)}}
            for sample in measured.samples
        ],
    }
    out.write_text(json.dumps(content, indent=1) + "\n")
    out.with_suffix(".md").write_text(as_markdown(measured))
