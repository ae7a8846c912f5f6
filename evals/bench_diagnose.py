"""Measure a look at large projects on a real engine, and a flood of log lines; `make bench-diagnose` runs it."""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.lab import fixtures, images

from docker_agent.core.log_patterns import patterns_of
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine
from docker_agent.host.engine import connect
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

PROJECT = "dalab-bench"
RUNS = 5
LOG_LINES = 200_000
LIMITS = {30: 3.0, 200: 10.0}
LINES_LIMIT_S = 2.0
MEMORY_LIMIT = 300 * 2**20
COMPOSE = """name: {project}
services:
  web:
    image: docker-agent-lab/busybox:1
    init: true
    command: ["sh", "-c", "seq 1 300; sleep 3600"]
    healthcheck: {{test: "true", interval: 30s}}
    deploy: {{replicas: {count}}}
"""


def main() -> int:
    """Measure everything and print a line each; 1 where a promise does not hold."""
    if reason := fixtures.reason_without_engine():
        print(f"No engine: {reason}", file=sys.stderr)
        return 4
    images.ensure_image("busybox")
    held = [say(f"{LOG_LINES:,} log lines to patterns", grouping(flood(LOG_LINES)), LINES_LIMIT_S)]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            for count, limit in LIMITS.items():
                up(root, count)
                held.append(say(f"look at {count} containers and examine", median(partial(look, root, count)), limit))
        finally:
            docker(root, "compose", "kill")
            docker(root, "compose", "down", "--timeout", "0")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{'peak memory of this program':45} {peak / 2**20:7.0f} MiB  (limit {MEMORY_LIMIT / 2**20:.0f})")
    return 0 if all(held) and peak <= MEMORY_LIMIT else 1


def grouping(lines: list[str]) -> float:
    """The time that lines take to become patterns, seconds."""
    return median(lambda: patterns_of(lines))


def look(root: Path, count: int) -> None:
    """One look at a project of so many containers with a new connection, as a person's command makes it."""
    reads = connect({**os.environ, **fixtures.engine_environment()}).reads
    snapshot = collect(Workspace(host=reads, root=root, context=ProjectContext(), project=PROJECT))
    wrong = [*(each for each in snapshot.not_looked_at if "only" not in each), *examine(snapshot)]
    if wrong or len(snapshot.containers) != count:
        raise SystemExit(f"The look is worth nothing: {len(snapshot.containers)} containers, {wrong}"[:500])


def up(root: Path, count: int) -> None:
    """Start the project with so many containers, a few at a time."""
    (root / "compose.yaml").write_text(COMPOSE.format(project=PROJECT, count=count))
    docker(root, "compose", "create")
    names = docker(root, "compose", "ps", "-aq").split()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(docker, [root] * len(names), ["start"] * len(names), names))
    until = time.monotonic() + 60.0
    while time.monotonic() < until and docker(root, "ps", "-q", "--filter", "health=starting"):
        time.sleep(1.0)


def docker(root: Path, *words: str) -> str:
    """Run docker in the project's folder and return what it prints."""
    argv = ("docker", *words)
    environment = {**os.environ, **fixtures.engine_environment()}
    return subprocess.run(argv, cwd=root, env=environment, capture_output=True, text=True, check=False).stdout


def flood(count: int) -> list[str]:
    """Lines as a busy application writes them, six shapes with numbers, names and identifiers."""
    chance = random.Random(1)  # noqa: S311, the lines are no secrets
    shapes: tuple[Callable[[int], str], ...] = (
        lambda n: f"INFO request id={chance.getrandbits(64):x} path=/items/{n} took={n % 97}.5ms",
        lambda n: f"DEBUG cache hit key=user:{chance.randrange(10**6)} ttl={n % 900}",
        lambda n: (
            f'10.0.{n % 255}.7 - - [26/Nov/2026:10:00:00 +0000] "GET /{n:x}.js HTTP/1.1" 200 {n} "-" "Mozilla/5.0"'
        ),
        lambda n: f"WARN slow query {n % 5000} ms: key {n}",
        lambda n: f"INFO user {chance.choice(('anna', 'ben', 'carl'))} logged in from 10.1.{n % 255}.7",
        lambda n: f"INFO heartbeat {n}",
    )
    return [f"2026-11-26T10:{n // 60 % 60:02d}:{n % 60:02d}Z {chance.choice(shapes)(n)}" for n in range(count)]


def median(work: Callable[[], object]) -> float:
    """The median time of several runs, seconds."""
    times: list[float] = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def say(what: str, seconds: float, limit: float) -> bool:
    """Print one figure and tell whether it holds."""
    print(
        f"{what:45} {seconds:7.2f} s    (limit {limit:g}) {'holds' if seconds <= limit else 'DOES NOT HOLD'}",
        flush=True,
    )
    return seconds <= limit


if __name__ == "__main__":
    sys.exit(main())
