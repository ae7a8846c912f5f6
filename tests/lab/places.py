"""Where the lab keeps its files, how it locks them and how it reports what it does."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class LabError(Exception):
    """The lab cannot do its work; the message is one sentence with the reason and the next step."""


def home() -> Path:
    """Return the directory of everything that is worth keeping between boots."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("DOCKER_AGENT_LAB_HOME") or cache / "docker-agent-lab")


def runtime() -> Path:
    """Return the directory of the socket, the process id and the engine's other runtime files."""
    return Path(os.environ.get("DOCKER_AGENT_LAB_RUN") or "/run/docker-agent-lab")


def say(message: str) -> None:
    """Report progress on stderr, because stdout carries the environment."""
    print(f"lab: {message}", file=sys.stderr, flush=True)


def execute(argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a command, return its stdout and raise LabError with the end of its stderr if it fails."""
    words = [str(word) for word in argv]
    shown = " ".join([word for word in words if not word.startswith("-")][:4])
    try:
        done = subprocess.run(words, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    except OSError as error:
        raise LabError(f"`{shown}` cannot be run ({error}); install it and try again") from error
    if done.returncode:
        tail = " | ".join((done.stderr or done.stdout).strip().splitlines()[-6:])
        raise LabError(f"`{shown}` failed with exit code {done.returncode} ({tail})")
    return done.stdout


@contextmanager
def locked(name: str) -> Generator[None]:
    """Hold an exclusive lock of this name, so that two callers at once take turns."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def in_use() -> Generator[Callable[[], bool]]:
    """Mark the engine as used, and offer to ask whether nobody else uses it any more."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / "users.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)

        def sole_user() -> bool:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield sole_user
