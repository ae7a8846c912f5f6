"""A small web application whose behaviour the environment decides; what is released in tests of releases.

APP_VERSION is the text it answers with; APP_STOP=graceful|abrupt what it does at SIGTERM; APP_FAIL the percentage of
requests it answers with 500; APP_DELAY_MS how long each takes; APP_HEALTH=ok|bad what /health says; APP_START_S how
long it takes before it listens.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qs, urlsplit

PORT = 8080
MOST_BODY = 64 * 1024 * 1024
WEBSOCKET_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
GOING_AWAY = b"\x88\x02\x03\xe9"
# How long a stop waits for the first request of a client that has just connected.
NEWCOMER_S = 1.0


@dataclass(frozen=True)
class Settings:
    """What the environment decides."""

    version: str
    abrupt: bool
    fail_percent: int
    delay_s: float
    healthy: bool
    start_s: float

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """Read the variables, each of which may be missing."""
        return cls(
            version=environment.get("APP_VERSION", "1"),
            abrupt=environment.get("APP_STOP", "graceful") == "abrupt",
            fail_percent=int(environment.get("APP_FAIL", "0")),
            delay_s=float(environment.get("APP_DELAY_MS", "0")) / 1000,
            healthy=environment.get("APP_HEALTH", "ok") == "ok",
            start_s=float(environment.get("APP_START_S", "0")),
        )


@dataclass(frozen=True)
class Request:
    """One request, read to its end."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    lasting: bool

    @property
    def path(self) -> str:
        """The path without what it asks for."""
        return urlsplit(self.target).path

    @property
    def upgrades(self) -> bool:
        """Whether it wants to speak WebSocket."""
        return self.method == "GET" and self.headers.get("upgrade", "").lower() == "websocket"


@dataclass(eq=False)
class Connection:
    """One client: new until its first request has come, idle between the others."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: Literal["new", "busy", "idle"] = "new"

    async def request(self) -> Request:
        """Read the next request; an end before one raises IncompleteReadError."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.state = "busy"
        first, *lines = head[:-4].split("\r\n")
        method, target, protocol = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("expect", "").lower() == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        wish = headers.get("connection", "").lower()
        lasting = "close" not in wish and (protocol != "HTTP/1.0" or "keep-alive" in wish)
        return Request(method, target, headers, await self._body(headers), lasting)

    async def _body(self, headers: Mapping[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", ""):
            length = int(headers.get("content-length", "0"))
            if length > MOST_BODY:
                raise ValueError("too large")
            return await self.reader.readexactly(length)
        parts: list[bytes] = []
        while size := int((await self.reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            parts.append((await self.reader.readexactly(size + 2))[:-2])
        while await self.reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return b"".join(parts)

    async def frame(self) -> tuple[int, int, bytes]:
        """Read one WebSocket frame: its first byte, its kind and its payload."""
        self.state = "idle"
        first, second = await self.reader.readexactly(2)
        self.state = "busy"
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        mask = await self.reader.readexactly(4) if second & 0x80 else bytes(4)
        payload = await self.reader.readexactly(size)
        return first, first & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


@dataclass
class App:
    """The server and its open connections."""

    settings: Settings
    connections: dict[asyncio.Task[None] | None, Connection] = field(
        default_factory=dict[asyncio.Task[None] | None, Connection]
    )
    asked: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Listen until SIGTERM, then finish what is under way."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            await asyncio.wait_for(self.stopping.wait(), self.settings.start_s or 0.001)
        except TimeoutError:
            server = await asyncio.start_server(self.serve, "0.0.0.0", PORT, backlog=1024)
            print(f"version {self.settings.version} listens on port {PORT}", flush=True)
            await self.stopping.wait()
            server.close()
            await self.drain()

    def stop(self) -> None:
        """React to SIGTERM as the settings say; process 1 has no default of its own."""
        if self.settings.abrupt:
            os._exit(0)
        self.stopping.set()

    async def drain(self) -> None:
        """End idle connections and wait for the others; what has arrived already is still answered."""
        print("finishing what is under way", flush=True)
        late = asyncio.get_running_loop().time() + NEWCOMER_S
        while self.connections:
            waited = asyncio.get_running_loop().time() > late
            for connection in self.connections.values():
                if connection.state == "idle" or (waited and connection.state == "new"):
                    connection.reader.feed_eof()
            await asyncio.wait([task for task in self.connections if task], timeout=0.05)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client's requests until either side has enough."""
        connection = Connection(reader, writer)
        task = asyncio.current_task()
        self.connections[task] = connection
        try:
            while await self.answer(connection, await connection.request()):
                connection.state = "idle"
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (ValueError, asyncio.LimitOverrunError):
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            del self.connections[task]

    async def answer(self, connection: Connection, request: Request) -> bool:
        """Answer one request and tell whether the connection goes on."""
        if request.upgrades:
            await self.echo(connection, request)
            return False
        status, content = await self.content(request, connection.writer.get_extra_info("peername")[0])
        lasting = request.lasting and not self.stopping.is_set()
        body = json.dumps(content).encode() + b"\n"
        head = (
            f"HTTP/1.1 {int(status)} {status.phrase}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"X-App-Version: {self.settings.version}\r\nConnection: {'keep-alive' if lasting else 'close'}\r\n\r\n"
        )
        connection.writer.write(head.encode("latin-1") + (b"" if request.method == "HEAD" else body))
        await connection.writer.drain()
        return lasting

    async def content(self, request: Request, client: str) -> tuple[HTTPStatus, dict[str, object]]:
        """Decide what a request is answered, after the delay that it or the settings ask for."""
        if request.path == "/health":
            status = HTTPStatus.OK if self.settings.healthy else HTTPStatus.SERVICE_UNAVAILABLE
            return status, {"version": self.settings.version, "healthy": self.settings.healthy}
        self.asked += 1
        query = urlsplit(request.target).query
        wanted = float(parse_qs(query).get("ms", ["0"])[0]) / 1000 if request.path == "/slow" else 0
        if delay := self.settings.delay_s + wanted:
            await asyncio.sleep(delay)
        content: dict[str, object] = {
            "version": self.settings.version,
            "host": socket.gethostname(),
            "path": request.path,
            "query": query,
            "method": request.method,
            "headers": request.headers,
            "client": client,
        }
        if request.method in {"POST", "PUT", "PATCH"}:
            content |= {"length": len(request.body), "sha256": hashlib.sha256(request.body).hexdigest()}
        return HTTPStatus.INTERNAL_SERVER_ERROR if self.fails() else HTTPStatus.OK, content

    def fails(self) -> bool:
        """Spread the failures evenly, so that 25 percent are every fourth request."""
        percent = self.settings.fail_percent
        return self.asked * percent // 100 != (self.asked - 1) * percent // 100

    async def echo(self, connection: Connection, request: Request) -> None:
        """Shake hands as RFC 6455 says and send every text back, until the client or SIGTERM ends it."""
        key = request.headers.get("sec-websocket-key", "").encode()
        accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_KEY).digest()).decode()
        head = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nX-App-Version: {self.settings.version}\r\n\r\n"
        )
        writer = connection.writer
        writer.write(head.encode("latin-1"))
        while not self.stopping.is_set():
            try:
                first, kind, payload = await connection.frame()
            except asyncio.IncompleteReadError:
                break
            writer.write(framed(first & 0xF0 | PONG if kind == PING else first, payload))
            await writer.drain()
            if kind == CLOSE:
                return
        writer.write(GOING_AWAY)


def framed(first: int, payload: bytes) -> bytes:
    """Put a payload into a frame as a server sends it, without a mask."""
    size = len(payload)
    if size <= 125:
        length = bytes([size])
    else:
        length = b"\x7e" + size.to_bytes(2, "big") if size < 2**16 else b"\x7f" + size.to_bytes(8, "big")
    return bytes([first]) + length + payload


if __name__ == "__main__":
    asyncio.run(App(Settings.of(os.environ)).run())
