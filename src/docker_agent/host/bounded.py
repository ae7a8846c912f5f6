"""What the engine may send without an end, read up to a limit of bytes and time: logs, and the output of an exec."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import docker.errors
import requests

from docker_agent.host.pictures import frames_of

MOST_LOG_BYTES = 64 * 2**20
MOST_EXEC_BYTES = 2**20
EXEC_S = 10.0
CHUNK = 2**18
FEWER = 8
TIMED_OUT = 124


def log_bytes(api: Any, container: str, limits: Mapping[str, Any], most: int = MOST_LOG_BYTES) -> bytes:
    """The end of a log with its time stamps, both streams in one request as the engine frames them.

    The client would ask for each stream alone, and the engine read it twice. Where the answer is longer than `most`
    bytes, fewer lines are asked for: what matters is the end.

    Parameters
    ----------
    limits: `tail`, a number of lines, and what else the engine knows (`since`, `until`).
    """
    tail = int(limits["tail"])
    while True:
        data = _log_start(api, container, {**limits, "tail": tail}, most)
        if len(data) <= most or tail <= 1:
            return data[:most]
        tail = max(1, tail // FEWER)


def execute(
    api: Any, container: str, argv: Sequence[str], limit_s: float = EXEC_S, most: int = MOST_EXEC_BYTES
) -> tuple[int, str]:
    """Run a command that only looks inside a container; its exit code (124 out of time) and the start of its output."""
    made = api.exec_create(container, list(argv))
    opened = api.exec_start(made["Id"], socket=True)
    line = getattr(opened, "_sock", opened)
    data, until, late = bytearray(), time.monotonic() + limit_s, False
    with closing(getattr(opened, "_response", opened)), closing(line):
        try:
            while len(data) <= most:
                line.settimeout(max(0.001, until - time.monotonic()))
                got = line.recv(CHUNK)
                data += got
                late = time.monotonic() > until
                if late or not got:
                    break
        except TimeoutError:
            late = True
    said = b"".join(part for _, part in frames_of(bytes(data[:most]))).decode("utf-8", "replace")
    code = 0 if late or len(data) > most else api.exec_inspect(made["Id"])["ExitCode"]
    return TIMED_OUT if late else int(code or 0), said


def _log_start(api: Any, container: str, asked: Mapping[str, Any], most: int) -> bytes:
    """What a log read answers, up to the first chunk that goes beyond the limit."""
    where = f"{api.base_url}/v{api.api_version}/containers/{container}/logs"
    every = {"stdout": 1, "stderr": 1, "timestamps": 1, **asked}
    data = bytearray()
    answer: requests.Response = api.get(where, params=every, timeout=api.timeout, stream=True)
    with answer:
        try:
            answer.raise_for_status()
        except requests.HTTPError as error:
            docker.errors.create_api_error_from_http_exception(error)
        for chunk in answer.iter_content(CHUNK):
            data += chunk
            if len(data) > most:
                break
    return bytes(data)
