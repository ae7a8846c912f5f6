"""Ask a URL or a TCP port for an answer, from this machine."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from contextlib import closing, suppress
from urllib.parse import SplitResult, urlsplit

from docker_agent.core.errors import InputError
from docker_agent.host.models import Answer

BODY_BYTES = 262_144
DROPPED_S = 0.3


def probe(url: str, *, timeout_s: float = 10.0) -> Answer:
    """One answer from `http://`, `https://` (certificate checked) or `tcp://host:port`; redirects are not followed.

    A TCP port answers with 200 where the connection stays: the engine's proxy takes every connection to a published
    port, and drops it at once where nothing listens inside.

    Raises
    ------
    InputError: the address is not one of these.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"{url!r} has no valid host or port.", "Use http://, https:// or tcp://host:port.") from error
    if parts.scheme not in {"http", "https", "tcp"} or not parts.hostname or (parts.scheme == "tcp" and not port):
        raise InputError(f"{url!r} cannot be probed.", "Use http://, https:// or tcp://host:port.")
    started = time.monotonic()
    try:
        status, body = _connect(parts, port, timeout_s) if parts.scheme == "tcp" else _get(parts, port, timeout_s)
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        words = str(error) or type(error).__name__
        return Answer(error=words, seconds=round(time.monotonic() - started, 3))
    return Answer(status=status, body=body, seconds=round(time.monotonic() - started, 3))


def _connect(parts: SplitResult, port: int | None, timeout_s: float) -> tuple[int, str]:
    with socket.create_connection((parts.hostname or "", port or 0), timeout_s) as line:
        line.settimeout(DROPPED_S)
        with suppress(TimeoutError):
            if not line.recv(1):
                raise ConnectionResetError("the connection was taken and dropped")
        return 200, ""


def _get(parts: SplitResult, port: int | None, timeout_s: float) -> tuple[int, str]:
    host = parts.hostname or ""
    connection = (
        http.client.HTTPSConnection(host, port, timeout=timeout_s, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=timeout_s)
    )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(connection):
        connection.request("GET", path, headers={"User-Agent": "docker-agent"})
        with connection.getresponse() as answer:
            return answer.status, answer.read(BODY_BYTES).decode("utf-8", "replace")
