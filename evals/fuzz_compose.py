"""Throw broken bytes at the compose checker: no crash, no hang; `python -m evals.fuzz_compose --seconds 600`.

Each input is a seed file (the examples, and whatever folder is named) with random damage: bytes flipped, pieces taken
out, doubled, moved between files, and the tokens that YAML and Compose care about put in. A failure is printed with the
seed that makes it again, and kept in a folder.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from docker_agent.core.errors import InputError
from docker_agent.domains.compose import check_model
from docker_agent.project.compose.model import load

HANG_S = 2
MOST_BYTES = 20_000
ROOT = Path(__file__).resolve().parents[1]
TOKENS = tuple(
    token.encode()
    for tokens in (
        ("&a ", "*a", "<<: *a\n", "<<: [*a, *a]\n", "!reset ", "!override ", "!!merge ", "!!str ", "? ", "- ", ": "),
        ("|\n", ">-\n", "---\n", "...\n", "%YAML 1.1\n", "'", '"', "{", "}", "[", "]", "\t", "\r\n", "\r", "\0"),
        ("\u2028", "\u0085", "\ufeff", "🐳", "~", "null", "yes", "0o17", "1e999", ".inf", "-0", "1_000", "#"),
        ("${A", "${A:-", "${A:?x}", "${A:-${B:-${C}}}", "$", "$$", "# docker-agent: ignore[a]\n"),
        ("services:\n", "  web:\n", "extends: web\n", "include: [compose.yml]\n", "depends_on: [web]\n", "image: x\n"),
        ('ports: ["80-1:1"]\n', "ports: [22:22]\n", "volumes: [::]\n", "environment: [A, =, A=]\n"),
        ("deploy: {replicas: -1}\n", "healthcheck: {test: []}\n", "networks: {default: {}}\n", "profiles: [a]\n"),
    )
    for token in tokens
)


class HangError(Exception):
    """An input took longer than it may."""


def seeds(folders: Sequence[Path]) -> list[bytes]:
    """The bytes of every compose file below some folders, the small ones."""
    found = (path for folder in folders for pattern in ("*.yml", "*.yaml") for path in sorted(folder.rglob(pattern)))
    return [path.read_bytes() for path in found if path.stat().st_size <= MOST_BYTES]


def damaged(known: Sequence[bytes], chance: random.Random) -> bytes:
    """One seed with one to eight kinds of damage."""
    data = bytearray(chance.choice(known))
    for _ in range(chance.randint(1, 8)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.choice((1, 1, 2, 8, 40, 200)))
        match chance.randrange(7):
            case 0:
                data[start:end] = b""
            case 1:
                data[start:start] = chance.choice(TOKENS)
            case 2:
                data[start:end] = chance.randbytes(end - start)
            case 3:
                data[start:start] = data[start:end] * chance.choice((1, 2, 50))
            case 4:
                other = chance.choice(known)
                place = chance.randint(0, len(other))
                data[start:start] = other[place : place + 200]
            case 5:
                line = data.rfind(b"\n", 0, start) + 1
                data[line:line] = b" " * chance.randint(1, 6)
            case _:
                data[start:end] = chance.choice(TOKENS)
        del data[MOST_BYTES:]
    return bytes(data)


def check(data: bytes) -> None:
    """Read and judge one input as a file named compose.yml that is there alone."""
    file = Path("/fuzz/compose.yml")

    def read(path: Path) -> bytes:
        if path != file:
            raise InputError(f"{path} is not there.")
        return data

    try:
        model = load([file], read=read, variables={"B": "b"})
    except InputError:
        return
    check_model(model)


def hunt(
    known: Sequence[bytes], *, seed: int, seconds: float, inputs: int = 0
) -> Iterator[tuple[int, bytes, BaseException]]:
    """Inputs that crash or hang, until the time is up or so many inputs were tried (0: no such limit)."""
    end = time.monotonic() + seconds
    number = seed
    while time.monotonic() < end and not (inputs and number - seed >= inputs):
        data = damaged(known, random.Random(number))  # noqa: S311 - chance must come again
        signal.setitimer(signal.ITIMER_REAL, HANG_S)
        try:
            check(data)
        except Exception as error:  # noqa: BLE001 - every one is a find
            yield number, data, error
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        number += 1
    print(f"{number - seed} inputs from seed {seed}", flush=True)


def interrupt(_signal: int, _frame: object) -> None:
    """End an input that takes too long."""
    raise HangError


def main() -> int:
    """Hunt for a while; exit 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for inputs that fail")
    parser.add_argument("folders", type=Path, nargs="*", help="more seed files")
    chosen = parser.parse_args()
    signal.signal(signal.SIGALRM, interrupt)
    known = seeds([ROOT / "examples", *chosen.folders])
    found: dict[str, int] = {}
    for number, data, error in hunt(known, seed=chosen.seed, seconds=chosen.seconds):
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        kind = f"{type(error).__name__} at {where}"
        found[kind] = found.get(kind, 0) + 1
        if found[kind] == 1:
            print(f"seed {number}: {kind}: {error!s:.200}", flush=True)
            if chosen.keep:
                chosen.keep.mkdir(parents=True, exist_ok=True)
                (chosen.keep / f"{number}.yml").write_bytes(data)
    print(f"{sum(found.values())} failures of {len(found)} kinds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
