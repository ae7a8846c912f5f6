"""Measure what releases cost under load on real proxies, and what the usual ways cost; `make bench-release` runs it.

A load of 40 connections at a fixed rate goes on while a version is released: by docker-agent (blue-green and back
within one load, canary), by `docker compose up` (recreate), and by scaling to two and stopping the old one, as
docker-rollout does it. With Nginx the usual ways have the reloads that it needs to find the new container. The exit
code is 1 where a release of docker-agent failed, or lost a request other than by a stale connection: a reload of Nginx
or Caddy closes idle connections, and no server can save what crosses that close.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from types import MappingProxyType

from evals.load import Load, Pace, Running
from evals.release_stacks import KINDS, NEW, OLD, Kind, Stack, StepFailed, stack
from evals.release_table import Measured, Sample, as_markdown, as_text, publish
from tests.lab import fixtures

APPS = ("abrupt", "graceful")
OUT = Path("evals/results/releases.json")
MOST_PAUSE_S = 10.0
SETTLE_S = 1.0
READY_S = 60.0
# The machines it runs on are shared, and it is not their speed that is measured.
P95_MS = "5000"


def blue_green(made: Stack, pause: str) -> None:
    """Release at once, and go back within the same load."""
    limits = ("--watch-s", pause, "--drain-s", pause, "--max-p95-ms", P95_MS)
    made.agent("release", "start", "web", made.new, *limits, "--yes")
    made.agent("release", "rollback", "web", "--drain-s", pause, "--yes")


def canary(made: Stack, pause: str) -> None:
    """Release in stages of 10 and 50 percent."""
    limits = ("--watch-s", pause, "--drain-s", pause, "--max-p95-ms", P95_MS)
    stages = ("--strategy", "canary", "--stages", "10,50")
    made.agent("release", "start", "web", made.new, *stages, *limits, "--yes")


def recreate(made: Stack, pause: str) -> None:
    """Name the new image and let Compose recreate the container."""
    del pause
    made.name_new_image()
    made.compose("up", "--detach", "web")
    made.wait_healthy(made.web())
    made.look_again()


def scale_then_stop(made: Stack, pause: str) -> None:
    """Start a second container, wait until it is healthy, stop and remove the first."""
    del pause
    old = made.web()
    made.name_new_image()
    made.compose("up", "--detach", "--no-deps", "--no-recreate", "--scale", "web=2", "web")
    made.wait_healthy(made.web() - old)
    made.look_again()
    made.run("docker", "stop", *old)
    made.run("docker", "rm", *old)
    made.look_again()


AGENT: Mapping[str, Callable[[Stack, str], None]] = MappingProxyType(
    {"blue-green and back": blue_green, "canary 10,50": canary}
)
USUAL: Mapping[str, Callable[[Stack, str], None]] = MappingProxyType(
    {"recreate": recreate, "scale, then stop": scale_then_stop}
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the options say, print the table and write it down."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.bench_release", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="of each method (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="how long each load is at least (%(default)s)")
    parser.add_argument("--only", choices=[kind.name for kind in KINDS], help="one proxy alone")
    parser.add_argument("--app", choices=APPS, help="how the application stops; else in turns, run by run")
    parser.add_argument("--out", type=Path, default=OUT, help="a file for the figures; the table lies beside it")
    chosen = parser.parse_args(arguments)
    if reason := fixtures.reason_without_engine():
        print(f"No engine: {reason}", file=sys.stderr)
        return 4
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    measured = Measured(seconds=chosen.seconds, began=time.time(), load_before=os.getloadavg()[0])
    unmeasured = 0
    kinds = [kind for kind in KINDS if chosen.only in {None, kind.name}]
    for run, kind, method in product(range(chosen.runs), kinds, (*AGENT, *USUAL)):
        try:
            sample = measure(method, kind, chosen.app or APPS[run % len(APPS)], chosen.seconds)
        except StepFailed as error:
            print(f"run {run + 1}: {method} on {kind.name} was not measured: {error}", flush=True)
            unmeasured += 1
            continue
        print(f"run {run + 1}: {sample.said()}", flush=True)
        measured = measured.with_sample(sample)
        publish(measured, chosen.out)
    print(as_text(measured), as_markdown(measured), sep="\n\n")
    return 1 if unmeasured or any(bad(sample) for sample in measured.samples) else 0


def measure(method: str, kind: Kind, app: str, seconds: float) -> Sample:
    """Release once under load, by one method on a fresh stack."""
    pause = f"{min(MOST_PAUSE_S, seconds / 6):g}"
    wrong, took = "", 0.0
    with stack(kind, app) as made:
        warm_up(made)
        with Running(made.target(), Pace(retry_stale=kind.retry_stale)) as running:
            began = time.monotonic()
            time.sleep(SETTLE_S)
            try:
                {**AGENT, **USUAL}[method](made, pause)
            except StepFailed as error:
                wrong = str(error)
            took = time.monotonic() - began - SETTLE_S
            time.sleep(max(SETTLE_S, began + seconds - time.monotonic()))
            load = running.stop()
    return Sample(method, kind.name, app, load, round(took, 1), wrong or unseen(load))


def warm_up(made: Stack) -> None:
    """Wait until a second of load in a row gets all its answers, so that no failure of a beginning is counted."""
    until = time.monotonic() + READY_S
    while True:
        with Running(made.target(), Pace()) as running:
            time.sleep(SETTLE_S)
            if not running.stop().failures:
                return
        if time.monotonic() > until:
            raise StepFailed(f"{made.kind.name} does not serve after {READY_S:.0f} s")


def unseen(load: Load) -> str:
    """Say which version the load never met, as such a measurement is worth nothing; "" if it met both."""
    missing = [version for version in (OLD, NEW) if version not in load.versions]
    return f"no answer came from {', '.join(missing)}" if missing else ""


def bad(sample: Sample) -> bool:
    """Whether docker-agent did not keep what it promises."""
    return sample.method in AGENT and bool(sample.wrong or set(sample.load.failed) - {"stale"})


if __name__ == "__main__":
    sys.exit(main())
