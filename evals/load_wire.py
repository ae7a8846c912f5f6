"""One keep-alive HTTP/1.1 connection of the load client, which knows exactly when and how it was closed."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

UNREACHABLE = (ConnectionRefusedError, ConnectionAbortedError)


class Lost(Exception):
    """A request that got no whole answer, with the kind of its failure."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True)
class Target:
    """Where the load goes: an address, the name that is asked for there, and how to speak TLS, if at all."""

    host: str
    port: int
    host_header: str = ""
    tls: ssl.SSLContext | None = None

    @property
    def name(self) -> str:
        """The value of the Host header."""
        return self.host_header or self.host


@dataclass(frozen=True)
class Answer:
    """The answer to one request, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class _Inbox(asyncio.Protocol):
    """What has arrived on a connection and not been read yet."""

    data: bytearray = field(default_factory=bytearray)
    closed: bool = False
    waiter: asyncio.Future[None] | None = None

    def data_received(self, data: bytes) -> None:
        self.data += data
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def more(self) -> None:
        """Wait for more data; it is an error if there will be none."""
        if self.closed:
            raise Lost("cut")
        self.waiter = asyncio.get_running_loop().create_future()
        await self.waiter

    async def until(self, mark: bytes) -> bytes:
        """Take everything up to a mark and the mark itself."""
        while (end := self.data.find(mark)) < 0:
            await self.more()
        return self._take(end + len(mark))

    async def exactly(self, size: int) -> bytes:
        """Take so many bytes."""
        while len(self.data) < size:
            await self.more()
        return self._take(size)

    async def rest(self) -> bytes:
        """Take all that comes until the other side closes."""
        while not self.closed:
            await self.more()
        return self._take(len(self.data))

    def _take(self, size: int) -> bytes:
        taken = bytes(self.data[:size])
        del self.data[:size]
        return taken


@dataclass
class Wire:
    """A connection that is opened when it is needed and kept for the next request."""

    target: Target
    used: int = 0
    transport: asyncio.Transport | None = None
    inbox: _Inbox = field(default_factory=_Inbox)

    async def open(self) -> bool:
        """Open the connection if it is not, and tell whether the other side had closed it while it was idle."""
        closed_idle = self.transport is not None and (self.inbox.closed or bool(self.inbox.data))
        if closed_idle:
            self.drop()
        if self.transport is None:
            self.transport, self.inbox = await self._connect()
            self.used = 0
        return closed_idle

    async def _connect(self) -> tuple[asyncio.Transport, _Inbox]:
        name = self.target.name.partition(":")[0] if self.target.tls else None
        loop = asyncio.get_running_loop()
        try:
            return await loop.create_connection(
                _Inbox, self.target.host, self.target.port, ssl=self.target.tls, server_hostname=name
            )
        except UNREACHABLE as error:
            raise Lost("refused") from error
        except ssl.SSLError as error:
            raise Lost("tls") from error
        except OSError as error:
            raise Lost("unreachable") from error

    async def exchange(self, request: bytes) -> Answer:
        """Send one request on the open connection and read its answer.

        A connection that ends before the first byte of the answer is `stale` if it has carried requests before, and
        `unanswered` if it has not; one that ends later is `cut`.
        """
        if self.transport is None:
            raise Lost("unreachable")
        self.transport.write(request)
        while not self.inbox.data:
            if self.inbox.closed:
                raise Lost("stale" if self.used else "unanswered")
            await self.inbox.more()
        answer = await self._answer()
        self.used += 1
        if answer.headers.get("connection", "").lower() == "close":
            self.drop()
        return answer

    async def _answer(self) -> Answer:
        first, *lines = (await self.inbox.until(b"\r\n\r\n"))[:-4].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        try:
            status = int(first.split(" ")[1])
            if "chunked" in headers.get("transfer-encoding", ""):
                body = await self._chunks()
            elif "content-length" in headers:
                body = await self.inbox.exactly(int(headers["content-length"]))
            else:
                body = await self.inbox.rest()
        except (ValueError, IndexError) as error:
            raise Lost("malformed") from error
        return Answer(status, headers, body)

    async def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while size := int((await self.inbox.until(b"\r\n")).partition(b";")[0], 16):
            parts.append((await self.inbox.exactly(size + 2))[:-2])
        await self.inbox.until(b"\r\n")
        return b"".join(parts)

    def drop(self) -> None:
        """Close the connection at once; the next request opens another."""
        if self.transport is not None:
            self.transport.abort()
        self.transport = None
