"""Measure the compose checker against its peers, and say for each promise whether it holds; `make bench-compose`.

Times are medians of whole processes, taken in turns in one run; only their ratios mean something on a shared machine.
Peers are used where they are found: `compose-lint` and `dclint` below the folder that BENCH_PEERS names, and Compose as
`docker compose` or as the program that DOCKER_AGENT_COMPOSE names. DOCKER_AGENT_CORPUS names a folder of compose files
with Compose's verdicts in a `verdicts.tsv` (path, accept or reject, class, first error).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from evals.bench import Figure, show
from evals.compose_samples import sample, usual_sample
from evals.verdicts import compare, compose_program, known_cases, mutants, summary

RUNS = 15
BATCH_RUNS = 3
FILES = 500
MUTANTS = 600
OURS = (str(Path(sys.executable).with_name("docker-agent")), "check")


def peers() -> dict[str, tuple[str, ...]]:
    """The peers that are installed, as the start of an argument list."""
    folder = Path(os.environ.get("BENCH_PEERS", ".venv-peers")).resolve()
    found = {
        "compose-lint": folder / "bin" / "compose-lint",
        "dclint": folder / "node_modules" / ".bin" / "dclint",
    }
    return {name: (str(path),) for name, path in found.items() if path.exists()}


def spent(argv: Sequence[str], cwd: Path) -> float:
    """Seconds that a whole process takes; its exit code says what it found and does not matter here."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    subprocess.run(argv, cwd=cwd, env=compiled, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def medians(commands: dict[str, tuple[str, ...]], cwd: Path, runs: int) -> dict[str, float]:
    """The median of each command, all of them run in turns."""
    for argv in commands.values():
        spent(argv, cwd)
    rows = [{name: spent(argv, cwd) for name, argv in commands.items()} for _ in range(runs)]
    return {name: statistics.median(row[name] for row in rows) for name in commands}


def single_file(folder: Path) -> Iterator[Figure]:
    """A cold process for one file of about fifty lines."""
    (folder / "compose.yml").write_text(usual_sample())
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "docker-agent check": (*OURS, "compose.yml"),
        **{name: (*argv, "compose.yml") for name, argv in peers().items()},
    }
    if compose := compose_program():
        commands["docker compose config -q"] = (*compose, "-f", "compose.yml", "config", "-q")
    (folder / ".env").write_text("DB_PASSWORD=only-for-the-benchmark\n")
    times = medians(commands, folder, RUNS)
    for name, value in times.items():
        yield Figure(f"one file, {name}", value * 1000, "ms")
    if "compose-lint" in times:
        yield Figure("one file, ours / compose-lint", times["docker-agent check"] / times["compose-lint"], "x", 0.75)


def many_files(folder: Path) -> Iterator[Figure]:
    """One process for many files."""
    names = [f"{number:03}.yml" for number in range(FILES)]
    for number, name in enumerate(names):
        (folder / name).write_text(sample(number))
    commands = {
        "docker-agent check": (*OURS, *names),
        **{name: (*argv, *names) for name, argv in peers().items()},
    }
    times = medians(commands, folder, BATCH_RUNS)
    for name, value in times.items():
        yield Figure(f"{FILES} files, {name}", value, "s")
    if "compose-lint" in times:
        yield Figure(
            f"{FILES} files, ours / compose-lint", times["docker-agent check"] / times["compose-lint"], "x", 0.4
        )


def verdicts(folder: Path) -> Iterator[Figure]:
    """How often we say of a file what Compose says: on a corpus, and on mutants that Compose judges on the spot."""
    corpus = os.environ.get("DOCKER_AGENT_CORPUS", "")
    known = list(known_cases(Path(corpus))) if corpus else []
    compared = {"corpus": [compare(case) for case in known]}
    if program := compose_program():
        good = [case.path.read_text(encoding="utf-8", errors="replace") for case in known if not case.refusal]
        good += [sample(number) for number in range(40)]
        compared["mutants"] = [compare(case) for case in mutants(good, folder, MUTANTS, 0, program)]
    for name, cases in compared.items():
        figures = summary(cases)
        if cases:
            yield Figure(f"{name}: verdicts compared", figures["cases"], "files")
            yield Figure(f"{name}: agreement with Compose", figures["agreement"], "%", least=99.5)
            yield Figure(f"{name}: files refused that Compose accepts", figures["false rejects"], "files", 0)
            yield Figure(f"{name}: refusals without line and column", figures["refusals without a place"], "files", 0)


def main() -> int:
    """Print every figure; the exit code is 1 where a promise is not kept."""
    figures: list[Figure] = []
    for measure in (verdicts, single_file, many_files):
        with tempfile.TemporaryDirectory() as folder:
            figures += measure(Path(folder))
    return show(figures)


if __name__ == "__main__":
    sys.exit(main())
