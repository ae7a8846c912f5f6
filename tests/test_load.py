"""The load client counts each way to fail as itself and repeats nothing unasked."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import ssl
import time
from collections.abc import Mapping
from pathlib import Path

from evals.load import Ask, Load, Pace, Running, run
from evals.load_wire import Target
from tests.lab.authority import Authority

ASKS = (Ask("GET", "/"), Ask("POST", "/", b"body"))


class Faulty:
    """A server that fails some requests, by their number, in a given way."""

    def __init__(self, faults: Mapping[int, str]) -> None:
        self.faults, self.seen = faults, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until a fault or the client ends the connection."""
        try:
            while await self.answer(reader, writer):
                pass
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request and tell whether the connection goes on."""
        head = await reader.readuntil(b"\r\n\r\n")
        sent = await reader.readexactly(4 if head.startswith(b"POST") else 0)
        fault = self.faults.get(self.seen, "")
        self.seen += 1
        if fault == "drop":
            return False
        if fault == "hang":
            await reader.read()
            return False
        body = json.dumps({"sha256": hashlib.sha256(sent + b"x" * (fault == "wrong")).hexdigest()}).encode()
        status = b"500 Broken" if fault == "500" else b"200 OK"
        size = str(len(body) + (fault == "cut")).encode()
        writer.write(b"HTTP/1.1 " + status + b"\r\nX-App-Version: 7\r\nContent-Length: " + size + b"\r\n\r\n" + body)
        return fault not in {"cut", "end"}


def loaded(faults: Mapping[int, str], pace: Pace, seconds: float, folder: Path | None = None) -> Load:
    """Load a server with these faults, over TLS if there is a folder for the certificates."""
    authority = Authority(folder) if folder else None
    tls: ssl.SSLContext | None = None
    if authority:
        made = authority.certify("shop.example", "*.shop.example")
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(made.chain, made.key)

    async def main() -> Load:
        server = await asyncio.start_server(Faulty(faults).serve, "127.0.0.1", 0, ssl=tls)
        async with server:
            port: int = server.sockets[0].getsockname()[1]
            trust = authority.client_context() if authority else None
            return await asyncio.to_thread(run, Target("127.0.0.1", port, "a.shop.example", trust), seconds, pace)

    return asyncio.run(main())


def test_each_way_to_fail_is_counted_as_itself() -> None:
    faults = {1: "drop", 2: "drop", 3: "wrong", 4: "cut", 5: "500", 6: "hang"}

    load = loaded(faults, Pace(rate=200, connections=1, timeout_s=0.3, asks=ASKS), 0.1)

    once = dict.fromkeys(("stale", "unanswered", "wrong body", "cut", "status 500", "timeout"), 1)
    assert (load.failed, load.total, load.succeeded) == (once, 20, 14)
    assert load.versions == {"7": 14}
    assert [failure.ask for failure in load.failures[:2]] == ["POST /", "GET /"]
    # The requests after the one that hung were due all the while.
    assert min(load.longest_gap_ms, load.p99_ms) >= 250


def test_a_get_on_a_stale_connection_is_repeated_only_if_asked_for_and_a_post_never() -> None:
    faults = {2: "drop", 4: "drop", 6: "end"}
    again = loaded(faults, Pace(rate=30, connections=1, retry_stale=True, asks=ASKS), 0.25)

    assert (dict(again.failed), again.retried, again.reopened) == ({"stale": 1}, 1, 1)
    assert again.failures[0].ask == "POST /"
    assert loaded(faults, Pace(rate=100, connections=1, asks=ASKS), 0.1).failed == {"stale": 2}


def test_a_load_over_tls_trusts_the_authority_of_the_lab(tmp_path: Path) -> None:
    load = loaded({2: "500"}, Pace(rate=100, connections=2, asks=ASKS), 0.05, tmp_path)

    assert (dict(load.failed), load.total) == ({"status 500": 1}, 5)


def test_a_load_in_the_background_ends_when_told_and_counts_what_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]

    with Running(Target("127.0.0.1", port), Pace(rate=500, connections=2)) as running:
        time.sleep(0.03)
        load = running.stop()

    assert load.failed == {"refused": load.total} != {"refused": 0}
    assert running.stop() == load
