"""Run programs by argument lists: with a time limit, line by line, whole process group stopped when interrupted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from docker_agent.core.errors import AgentError, ToolMissing
from docker_agent.host.models import Ran

KEPT_CHARS = 100_000
GRACE_S = 5.0
DRAIN_S = 2.0


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    timeout_s: float = 60.0,
    environment: Mapping[str, str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Ran:
    """Run a program to its end and keep the last 100,000 characters of each stream.

    Parameters
    ----------
    tell: gets each line of standard error as it comes; that is where docker compose reports progress.

    Raises
    ------
    ToolMissing: the program is not on PATH.
    """
    program = shutil.which(argv[0], path=(environment or os.environ).get("PATH"))
    if program is None:
        raise ToolMissing(f"{argv[0]} is not installed.", "See `docker-agent doctor` for how to get it.")
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            [program, *argv[1:]],
            cwd=cwd,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # Python's own handles are not inherited; the lock of a journal entry is meant to be.
            close_fds=False,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise AgentError(f"{argv[0]} could not be started: {why}.", "Check the folder and permissions.") from error
    timed_out, out, err = _collect(process, timeout_s, tell)
    return Ran(
        argv=tuple(argv),
        code=process.returncode,
        out=out,
        err=err,
        seconds=round(time.monotonic() - started, 3),
        timed_out=timed_out,
    )


def _collect(
    process: subprocess.Popen[bytes], timeout_s: float, tell: Callable[[str], None] | None
) -> tuple[bool, str, str]:
    out: deque[str] = deque()
    err: deque[str] = deque()
    readers = [
        threading.Thread(target=_drain, args=(process.stdout, out, None), daemon=True),
        threading.Thread(target=_drain, args=(process.stderr, err, tell), daemon=True),
    ]
    for reader in readers:
        reader.start()
    timed_out = False
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        if process.returncode is None:
            _stop(process)
        for reader in readers:
            reader.join(DRAIN_S)
    return timed_out, "".join(out)[-KEPT_CHARS:], "".join(err)[-KEPT_CHARS:]


def _drain(stream: IO[bytes] | None, kept: deque[str], tell: Callable[[str], None] | None) -> None:
    if stream is None:
        return
    size = 0
    with stream:
        while raw := stream.readline(KEPT_CHARS):
            line = raw.decode("utf-8", "replace")
            kept.append(line)
            size += len(line)
            while size > KEPT_CHARS and len(kept) > 1:
                size -= len(kept.popleft())
            if tell is not None and line.strip():
                tell(line.rstrip())


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the program and its children: first asked, after `GRACE_S` (or when the program itself is gone) forced."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(5)
