"""Ask a URL or a TCP port for an answer, from this machine."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import cast
from urllib.parse import SplitResult, urlsplit

from docker_agent.core.errors import InputError
from docker_agent.host.certificate import certificate_of, shown, trusting
from docker_agent.host.models import Answer, Certificate

BODY_BYTES = 262_144
DROPPED_S = 0.3
METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
Place = tuple[str, int]


def probe(
    url: str,
    *,
    timeout_s: float = 10.0,
    via: str = "",
    headers: Sequence[tuple[str, str]] = (),
    ca: str = "",
    insecure: bool = False,
    method: str = "GET",
) -> Answer:
    """One answer from `http://`, `https://` (certificate checked) or `tcp://host:port`; redirects are not followed.

    A TCP port answers with 200 where the connection stays: the engine's proxy takes every connection to a published
    port, and drops it at once where nothing listens inside.

    Parameters
    ----------
    via: `IP:PORT` to connect to, while Host and the name in TLS come from the URL; "" for the URL's own.
    headers: sent besides the usual ones.
    ca: a PEM file whose certificates alone are trusted, "" for the system's.
    insecure: take an answer from a server whose certificate does not hold, too; the answer says what is wrong with it.
    method: GET, HEAD or OPTIONS.

    Raises
    ------
    InputError: the address is not one of these, or the request cannot be sent as it is.
    """
    parts, place = address_of(url, via)
    if method not in METHODS:
        raise InputError(f"{method!r} is no method that only looks.", f"Use one of {', '.join(sorted(METHODS))}.")
    context = trusting(ca, insecure=insecure) if parts.scheme == "https" else None
    started = time.monotonic()
    try:
        if parts.scheme == "tcp":
            _connect(place, timeout_s)
            return Answer(status=200, seconds=_since(started))
        answer = _get(parts, method, headers, _line(place, parts.hostname or "", context, timeout_s), context)
    except ssl.SSLCertVerificationError as error:
        certificate = shown(place, parts.hostname or "", ca=ca, timeout_s=timeout_s)
        return Answer(error=str(error), seconds=_since(started), certificate=certificate)
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        return Answer(error=str(error) or type(error).__name__, seconds=_since(started))
    except ValueError as error:
        raise InputError(f"The request cannot be sent: {error}.", "Correct the headers.") from error
    answer = answer.model_copy(update={"seconds": _since(started)})
    if context is None or not insecure:
        return answer
    seen = shown(place, parts.hostname or "", ca=ca, timeout_s=timeout_s)
    return answer.model_copy(update={"certificate": seen})


def address_of(url: str, via: str) -> tuple[SplitResult, Place]:
    """The parts of a URL, and where to connect to.

    Raises
    ------
    InputError: the address is not one that can be asked.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        there = urlsplit(f"//{via}")
        place = (there.hostname or "", there.port or 0)
    except ValueError as error:
        where = via or url
        raise InputError(
            f"{where!r} has no valid host or port.", "Use http://, https:// or tcp://host:port."
        ) from error
    if parts.scheme not in {"http", "https", "tcp"} or not parts.hostname or (parts.scheme == "tcp" and not port):
        raise InputError(f"{url!r} cannot be probed.", "Use http://, https:// or tcp://host:port.")
    if via and not all(place):
        raise InputError(f"{via!r} is no address to connect to.", "Use IP:PORT.")
    return parts, place if via else (parts.hostname, port or (443 if parts.scheme == "https" else 80))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _connect(place: Place, timeout_s: float) -> None:
    with socket.create_connection(place, timeout_s) as line:
        line.settimeout(DROPPED_S)
        with suppress(TimeoutError):
            if not line.recv(1):
                raise ConnectionResetError("the connection was taken and dropped")


def _line(place: Place, name: str, context: ssl.SSLContext | None, timeout_s: float) -> socket.socket:
    line = socket.create_connection(place, timeout_s)
    try:
        return context.wrap_socket(line, server_hostname=name) if context else line
    except BaseException:
        line.close()
        raise


def _get(
    parts: SplitResult,
    method: str,
    headers: Sequence[tuple[str, str]],
    line: socket.socket,
    context: ssl.SSLContext | None,
) -> Answer:
    host = parts.hostname or ""
    connection = (
        http.client.HTTPSConnection(host, parts.port, context=context)
        if context
        else http.client.HTTPConnection(host, parts.port)
    )
    connection.sock = line
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(connection):
        connection.request(method, path, headers={"User-Agent": "docker-agent", **dict(headers)})
        certificate = _verified(line)
        with connection.getresponse() as answer:
            return Answer(
                status=answer.status,
                body=answer.read(BODY_BYTES).decode("utf-8", "replace"),
                headers={name.lower(): answer.headers.get(name, "") for name in answer.headers},
                certificate=certificate,
            )


def _verified(line: socket.socket) -> Certificate | None:
    fields = line.getpeercert() if isinstance(line, ssl.SSLSocket) else None
    return certificate_of(cast("dict[str, object]", fields)) if fields else None
