"""A fake of the Messages API that is true on the wire: as a transport without sockets, or as a server on 127.0.0.1.

    fake = WireFake([tool("diagnose", {"target": "web"}), text("It is the port.")])
    model = AnthropicModel("claude-sonnet-5-5", http_client=fake.client())     # no sockets
    with fake.serve() as url: ...                                              # ANTHROPIC_BASE_URL=url

It answers as the API does: the same events in the same order, 400 for requests that the API would refuse, and usage
that comes from a prompt cache of its own, computed from the bytes and the breakpoints of the requests (4 characters are
a token; entries do not expire and have no least size).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anthropic
import httpx2
from tests.agent.wire_replies import (
    Entry,
    Reply,
    blocks,
    body_of,
    breaks,
    call,
    events,
    headers_of,
    http_error,
    overloaded,
    rate_limited,
    raw_tool,
    refusal,
    say,
    text,
    thought,
    tool,
    tools,
    with_id,
)
from tests.agent.wire_requests import PromptCache, Seen, refuse

__all__ = [
    "Entry",
    "Reply",
    "Seen",
    "WireFake",
    "blocks",
    "breaks",
    "call",
    "http_error",
    "overloaded",
    "rate_limited",
    "raw_tool",
    "refusal",
    "say",
    "text",
    "thought",
    "tool",
    "tools",
]

STALL_LIMIT_S = 10.0


class WireFake:
    """The fake: give it a script, look at `requests` and `usages` afterwards."""

    def __init__(self, script: Sequence[Entry]) -> None:
        self.requests: list[Seen] = []
        self.usages: list[dict[str, int]] = []
        self.released = threading.Event()
        self.closed_early = 0
        self._script = tuple(script)
        self._cache = PromptCache()
        self._lock = threading.Lock()

    def client(self, **options: Any) -> httpx2.Client:
        """A client for the SDK that reaches this fake without a socket."""
        return anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(self._handle), **options)

    @contextmanager
    def serve(self) -> Generator[str]:
        """Serve on 127.0.0.1 and give the address, for ANTHROPIC_BASE_URL."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            self.released.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def was_sent(self, secret: str) -> bool:
        """Whether these words were in any request, headers included, as they are or as JSON writes them."""
        forms = {secret.encode(), json.dumps(secret)[1:-1].encode()}
        return any(form in request.wire for request in self.requests for form in forms)

    def answer(self, request: Seen) -> tuple[Reply, dict[str, int]]:
        """The script's next reply to a request, and its usage."""
        with self._lock:
            place = len(self.requests)
            self.requests.append(request)
            refused = refuse(request)
            if refused:
                return refused, {}
            if place >= len(self._script):
                return http_error(400, "invalid_request_error", f"the script ends after {place} requests"), {}
            entry = self._script[place]
            try:
                reply = entry if isinstance(entry, Reply) else entry(request.json)
            except Exception as error:  # noqa: BLE001 - a script's own assert must reach the test, not look like a fault
                return http_error(400, "invalid_request_error", f"the script failed: {error!r}"), {}
            reply = replace(
                reply, blocks=tuple(with_id(part, f"toolu_{place:02}_{n:02}") for n, part in enumerate(reply.blocks))
            )
            usage = self._cache.usage(request.json) if reply.status == 200 else {}
            self.usages.append(usage)
            return reply, usage

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        seen = Seen(request.url.raw_path.decode(), dict(request.headers), request.read())
        reply, usage = self.answer(seen)
        if reply.status != 200 or reply.body:
            return httpx2.Response(reply.status, headers=headers_of(reply), content=body_of(reply))
        return httpx2.Response(200, headers=headers_of(reply), stream=_Stream(self, reply, usage, request))


class _Stream(httpx2.SyncByteStream):
    def __init__(self, fake: WireFake, reply: Reply, usage: dict[str, int], request: httpx2.Request) -> None:
        self._fake, self._reply, self._usage, self._request = fake, reply, usage, request
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        for event in events(self._reply, self._usage):
            half = len(event) // 2
            yield event[:half]
            yield event[half:]
        self._ended = True
        if self._reply.fault == "drop":
            raise httpx2.RemoteProtocolError("peer closed connection", request=self._request)
        if self._reply.fault == "stall":
            raise httpx2.ReadTimeout("The read operation timed out", request=self._request)

    def close(self) -> None:
        self._fake.closed_early += not self._ended


def _handler_for(fake: WireFake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply, usage = fake.answer(Seen(self.path, headers, body))
            try:
                self._send(reply, usage)
            except (BrokenPipeError, ConnectionResetError):
                fake.closed_early += 1
                self.close_connection = True

        def _send(self, reply: Reply, usage: dict[str, int]) -> None:
            self.send_response(reply.status)
            for name, value in headers_of(reply).items():
                self.send_header(name, value)
            if reply.status != 200 or reply.body:
                self.send_header("content-length", str(len(body_of(reply))))
                self.end_headers()
                self.wfile.write(body_of(reply))
                return
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for event in events(reply, usage):
                self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
                self.wfile.flush()
            if reply.fault == "stall":
                fake.released.wait(STALL_LIMIT_S)
            if reply.fault in {"stall", "drop"}:
                self.close_connection = True
                return
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            del format, args

    return Handler
