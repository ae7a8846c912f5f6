"""Compare our verdict on compose files with Compose's own; `python -m evals.verdicts [--mutants N] [FOLDER...]`.

The judge is the program that DOCKER_AGENT_COMPOSE names, or `docker compose`. Folders are searched for compose files;
one with a `verdicts.tsv` (path, accept or reject, class, first error) brings its verdicts along. Mutants are made of
the accepted files: a key renamed, removed, doubled or given a value of another kind, a reference pointed nowhere; each
is judged by Compose on the spot.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evals.compose_samples import sample

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.project.disk import LocalDisk
from docker_agent.project.stack import open_stack

COMPOSE_S = 10
# Files whose verdict was given in a folder that had more files than the corpus has.
INCOMPLETE = ("compose-file-copy-inclusions/compose.yml", "compose-file-copy-inclusions/compose-test-only.yml")
QUIET = {"PATH": os.environ.get("PATH", ""), "HOME": "/nowhere"}
VALUES = (
    *("", "~", "true", "0", "-1", "1.5", "80", '"80"', "[]", "{}", "[a, b]", "{a: b}", "10m", "1g", "5s", "yes", "on"),
    *("service_healthy", "nowhere", "./nowhere", "/data", "a:b:c:d", "${UNSET}", "${UNSET:-x}", "${BAD", "$$", "host"),
    *("'0.5'", "service:web", "65536", "80-90:1-2", "127.0.0.1:80:80/udp", "x y", "!reset null", "*nowhere", "nul\\0"),
)
LINES = (
    *("    netwroks: [a]", "    depends_on: [nowhere]", "    networks: [nowhere]", "    volumes: [nowhere:/data]"),
    *("    ports: ['80:80', '80:80']", "    deploy: {replicas: 2}", "    container_name: one", "    scale: 3"),
    *("    network_mode: host", "    extends: {service: nowhere}", "    healthcheck: {test: [curl, x]}", "    x-y: 1"),
    *("    secrets: [nowhere]", "    configs: [nowhere]", "    mem_limit: 5q", "    cpus: many", "    pid: service:no"),
    *(
        "    build: {context: ., dockerfile_inline: x, dockerfile: y}",
        "    profiles: [a b]",
        "    gpus: all",
        "    init: 3",
    ),
    *("    ulimits: {nofile: {soft: 1}}", "    env_file: {path: x, required: false}", "    image: [a]", "services: {}"),
    *("networks: {a: {external: true, driver: b}}", "volumes: {a: {external: {name: x}}}", "include: [nowhere.yml]"),
    *("configs: {a: {file: x, content: y}}", "name: Not Valid", "secrets: {a: {environment: A}, b: {}}", "version: 3"),
)


@dataclass(frozen=True)
class Case:
    """One file and what Compose says of it: its first error, "" where it accepts the file."""

    name: str
    path: Path
    refusal: str


@dataclass(frozen=True)
class Comparison:
    """A case with what we say: the findings that mean a refusal, and why the file could not be looked at at all."""

    case: Case
    refusals: tuple[Finding, ...]
    unreadable: str = ""

    @property
    def agree(self) -> bool:
        """Whether both accept or both refuse."""
        return bool(self.case.refusal) == bool(self.refusals or self.unreadable)

    @property
    def placed(self) -> bool:
        """Whether each of our refusals names a line and a column."""
        wheres = [found.evidence[0].where if found.evidence else "" for found in self.refusals]
        wheres += [self.unreadable] if self.unreadable else []
        return all(re.search(r":\d+:\d+", where) for where in wheres)


def compose_program() -> tuple[str, ...]:
    """Compose as the start of an argument list, empty where there is none."""
    named = os.environ.get("DOCKER_AGENT_COMPOSE", "")
    if named:
        return (named,)
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        return (docker, "compose")
    return ()


def refusal_of(path: Path, program: Sequence[str]) -> str:
    """Compose's first error for a file, "" where it accepts it."""
    argv = [*program, "--project-directory", str(path.parent), "-f", str(path), "config", "-q"]
    try:
        ran = subprocess.run(
            argv, capture_output=True, text=True, timeout=COMPOSE_S, env=QUIET, cwd=path.parent, check=False
        )
    except subprocess.TimeoutExpired:
        return "no answer in time"
    lines = [line for line in ran.stderr.splitlines() if line and "level=warning" not in line]
    return (lines or ["refused"])[-1] if ran.returncode else ""


def compare(case: Case) -> Comparison:
    """Our verdict beside Compose's."""
    try:
        stack = open_stack(case.path.parent, [case.path], environment=QUIET, disk=LocalDisk())
    except InputError as error:
        return Comparison(case, (), error.message)
    model_rules = [rule for rule in all_rules() if rule.area == "model"]
    found = check_model(stack.model, {rule.code: Severity.OFF for rule in all_rules() if rule not in model_rules})
    return Comparison(case, tuple(finding for finding in found if finding.severity is Severity.ERROR))


def known_cases(folder: Path) -> Iterator[Case]:
    """The cases of a folder with a table of verdicts."""
    for line in (folder / "verdicts.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, verdict, _, error = [*line.split("\t"), "", "", ""][:4]
        path = folder / name
        if path.exists() and not name.endswith(INCOMPLETE):
            yield Case(name, path, "" if verdict == "accept" else error or "refused")


def mutants(good: Sequence[str], folder: Path, count: int, seed: int, program: Sequence[str]) -> Iterator[Case]:
    """Files with one fault or oddity each, judged by Compose side by side."""
    paths: list[Path] = []
    for number in range(count):
        path = folder / f"{seed + number}" / "compose.yml"
        path.parent.mkdir()
        path.write_text(mutated(good, random.Random(seed + number)), encoding="utf-8")  # noqa: S311 - must come again
        paths.append(path)
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for path, refusal in zip(paths, pool.map(partial(refusal_of, program=program), paths), strict=True):
            yield Case(f"mutant {path.parent.name}", path, refusal)


def mutated(good: Sequence[str], chance: random.Random) -> str:
    """One good file with one change."""
    lines = chance.choice(good).splitlines()
    places = [number for number, line in enumerate(lines) if re.match(r"\s*(- )?[\w.\"'-]+", line)]
    place = chance.choice(places) if places else 0
    line = lines[place]
    match chance.randrange(6):
        case 0 if ":" in line:
            lines[place] = line.partition(":")[0] + ": " + chance.choice(VALUES)
        case 1:
            lines[place] = re.sub(r"(\w)(\w)", r"\2\1", line, count=1)
        case 2:
            del lines[place]
        case 3:
            lines.insert(place, line)
        case 4:
            keys = [number for number, text in enumerate(lines) if re.match(r"    \w", text)]
            added = chance.choice(LINES)
            lines.insert(chance.choice(keys) if keys and added.startswith(" ") else len(lines), added)
        case _:
            lines[place] = re.sub(r"[\w./-]+\s*$", chance.choice(VALUES).replace("\\", r"\\"), line)
    return "\n".join(lines) + "\n"


def cases_below(folders: Sequence[Path]) -> list[Case]:
    """All known cases of some folders."""
    return [case for folder in folders for case in known_cases(folder)]


def summary(compared: Sequence[Comparison]) -> Mapping[str, float]:
    """The figures: cases, share of agreement, false rejects, missed rejects, refusals without a place."""
    false = [each for each in compared if not each.agree and not each.case.refusal]
    missed = [each for each in compared if not each.agree and each.case.refusal]
    return {
        "cases": len(compared),
        "agreement": sum(each.agree for each in compared) / len(compared) * 100 if compared else 0.0,
        "false rejects": len(false),
        "missed rejects": len(missed),
        "refusals without a place": sum(not each.placed for each in compared),
    }


def main() -> int:
    """Print the figures and every disagreement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder to make the mutants in, to look at them afterwards")
    parser.add_argument("folders", type=Path, nargs="*")
    chosen = parser.parse_args()
    known = cases_below(chosen.folders)
    compared = [compare(case) for case in known]
    with tempfile.TemporaryDirectory() as temporary:
        good = [case.path.read_text(encoding="utf-8", errors="replace") for case in known if not case.refusal]
        good += [sample(number) for number in range(40)]
        home = chosen.keep or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        if chosen.mutants:
            program = compose_program()
            if not program:
                print("There is no Compose to judge the mutants: name one with DOCKER_AGENT_COMPOSE.", file=sys.stderr)
                return 2
            compared += [compare(case) for case in mutants(good, home, chosen.mutants, chosen.seed, program)]
    for each in compared:
        if not each.agree or not each.placed:
            kind = "no place" if each.agree else "MISSED" if each.case.refusal else "FALSE REJECT"
            ours = "; ".join(f"{found.evidence[0].where} {found.code} {found.message}" for found in each.refusals)
            print(
                f"{kind}\t{each.case.name}\tcompose: {each.case.refusal[:150]}\tours: {(each.unreadable or ours)[:200]}"
            )
    for name, value in summary(compared).items():
        print(f"{name}: {value:.2f}" if name == "agreement" else f"{name}: {value:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
