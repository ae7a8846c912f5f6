"""Reads of the engine that could go on without an end, from an engine that is played."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from docker_agent.host.bounded import CHUNK, TIMED_OUT, execute, log_bytes
from docker_agent.host.pictures import FRAME


def frame(text: str, stream: int = 1) -> bytes:
    """Output as the engine frames it."""
    return FRAME.pack(stream, len(text)) + text.encode()


class Answer:
    """An answer that counts what is taken of it."""

    def __init__(self, size: int) -> None:
        self.left = size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def raise_for_status(self) -> None:
        """All is well."""

    def iter_content(self, size: int) -> Iterator[bytes]:
        """Chunks, as many as are asked for."""
        while self.left > 0:
            self.left -= size
            yield b"x" * size


@dataclass
class Engine:
    """The part of the client that reads: a log with a chunk for each line, and an exec that writes into a socket."""

    base_url: str = "http://engine"
    api_version: str = "1.43"
    timeout: int = 1
    tails: list[int] = field(default_factory=list[int])
    near: socket.socket | None = None

    def get(self, _where: str, *, params: Mapping[str, Any], **_: object) -> Answer:
        """A log."""
        self.tails.append(params["tail"])
        return Answer(params["tail"] * CHUNK)

    def exec_create(self, *_: object) -> dict[str, str]:
        """An exec."""
        return {"Id": "e"}

    def exec_start(self, _made: str, **_: object) -> socket.socket | None:
        """Its line."""
        return self.near

    def exec_inspect(self, _made: str) -> dict[str, int]:
        """How it ended."""
        return {"ExitCode": 3}


def test_a_long_log_is_read_with_fewer_lines() -> None:
    engine = Engine()

    assert len(log_bytes(engine, "a", {"tail": 640}, most=20 * CHUNK)) == 10 * CHUNK
    assert engine.tails == [640, 80, 10]
    assert len(log_bytes(engine, "a", {"tail": 1}, most=9)) == 9


@pytest.mark.parametrize(
    ("sent", "ends", "told"),
    [
        (frame("no ", 2) + frame("such"), True, (3, "no such")),
        (frame("some"), False, (TIMED_OUT, "some")),
        (frame("z" * 400) * 2, False, (0, "z" * 400 + "z" * 84)),
    ],
    ids=["whole", "silent", "much"],
)
def test_an_exec_is_bounded(*, sent: bytes, ends: bool, told: tuple[int, str]) -> None:
    near, far = socket.socketpair()
    with far:
        far.sendall(sent)
        if ends:
            far.close()
        assert execute(Engine(near=near), "a", ("cat",), limit_s=0.1, most=500) == told
