"""Matchers of rules: what each says of a request, None where it cannot be said from here."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from urllib.parse import parse_qsl

# A part of a pattern of version 2: a name, and a pattern of its own or none.
NAMED = re.compile(r"\{[A-Za-z_][\w.-]*(?::(?P<pattern>[^{}]*(?:\{[\d,]*\}[^{}]*)*))?\}")
# What patterns of Go mean otherwise than those of Python, or what only they have.
GO_ONLY = re.compile(r"\[\^?\[|\\[pPzQEC]|\\x\{|\(\?[a-zA-Z]*U|--|&&|~~|\|\|")
CONDITION = "condition"


@dataclass(frozen=True)
class Request:
    """What a router looks at; header names count whatever their case.

    `client` is the address that the proxy sees, "" where it is not known.
    """

    host: str
    path: str = "/"
    method: str = "GET"
    query: str = ""
    client: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def header(self, name: str) -> str:
        """The value of a header, "" for none."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


def ascii_host(name: str) -> str:
    """A name of a host as it is asked for: in lower case, with `xn--` for what is not ASCII."""
    try:
        return name.lower() if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name.lower()


def opposite(held: bool | None) -> bool | None:
    """The opposite of what is known, None where nothing is."""
    return None if held is None else not held


def either(verdicts: Iterable[bool | None]) -> bool | None:
    """Whether one of them holds, None where only those that are not known might."""
    held = {*verdicts}
    return True if True in held else None if None in held else False


def _host(request: Request, names: tuple[str, ...]) -> bool:
    host = ascii_host(request.host).rstrip(".")
    known = [ascii_host(name) for name in names]
    return any(host == name or ("*" in name and fnmatchcase(host, name)) for name in known)


def _searches(pattern: str, text: str) -> bool | None:
    """Whether a Go pattern fits, None where Python cannot say so."""
    try:
        return None if GO_ONLY.search(pattern) else bool(re.search(pattern, text, re.ASCII))
    except re.error:
        return None


def _host_searches(pattern: str, host: str) -> bool | None:
    """The same for a name of a host; version 2 has names in braces, and plain text around them."""
    if not NAMED.search(pattern) or GO_ONLY.search(pattern):
        return _searches(pattern, host)
    pieces = NAMED.split(pattern)
    shown = (f"(?:{piece or '[^.]+'})" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
    return _searches(f"^{''.join(shown)}$", host)


def _path(request: Request, paths: tuple[str, ...], *, exact: bool) -> bool | None:
    """Whether the path is or begins with one of these; version 2 has patterns in braces there, which are not read."""
    fits = request.path in paths if exact else request.path.startswith(paths)
    return fits or (None if any(NAMED.search(path) for path in paths) else False)


def _header(request: Request, arguments: tuple[str, ...]) -> bool:
    return len(arguments) == 2 and request.header(arguments[0]) == arguments[1]


def _header_regexp(request: Request, arguments: tuple[str, ...]) -> bool | None:
    value = request.header(arguments[0])
    return _searches(arguments[1], value) if len(arguments) == 2 and value else False


def _query(request: Request, arguments: tuple[str, ...]) -> bool:
    return any(
        key == name and (wanted is None or wanted == value)
        for name, wanted in _pairs(arguments)
        for key, value in parse_qsl(request.query, keep_blank_values=True)
    )


def _query_regexp(request: Request, arguments: tuple[str, ...]) -> bool | None:
    values = [value for key, value in parse_qsl(request.query, keep_blank_values=True) if key == arguments[0]]
    return either(_searches(arguments[1], value) for value in values) if len(arguments) == 2 else False


def _pairs(arguments: tuple[str, ...]) -> list[tuple[str, str | None]]:
    """`Query` of version 3 has a key and a value, or the key alone; that of version 2 has `key=value`."""
    if len(arguments) == 2 and "=" not in arguments[0]:
        return [(arguments[0], arguments[1])]
    return [(key, value if sign else None) for key, sign, value in (each.partition("=") for each in arguments)]


def _client(request: Request, networks: tuple[str, ...]) -> bool | None:
    if not request.client:
        return None
    try:
        client = ipaddress.ip_address(request.client)
        return any(client in ipaddress.ip_network(each, strict=False) for each in networks)
    except ValueError:
        return False


MATCHERS: Mapping[str, Callable[[Request, tuple[str, ...]], bool | None]] = {
    "host": _host,
    "hostheader": _host,
    "hostregexp": lambda request, patterns: either(
        _host_searches(pattern, ascii_host(request.host)) for pattern in patterns
    ),
    "hostsni": lambda request, names: "*" in names or _host(request, names),
    "path": partial(_path, exact=True),
    "pathprefix": partial(_path, exact=False),
    "pathregexp": lambda request, patterns: either(_searches(pattern, request.path) for pattern in patterns),
    "method": lambda request, names: request.method.upper() in {name.upper() for name in names},
    "header": _header,
    "headers": _header,
    "headerregexp": _header_regexp,
    "headersregexp": _header_regexp,
    "query": _query,
    "queryregexp": _query_regexp,
    "clientip": _client,
    # What the languages of other proxies have, and this one has no word for.
    CONDITION: lambda _request, _words: None,
}
