"""Rules of routers: which requests they match. Traefik's language, in the words of version 3 and of version 2."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import parse_qsl

from docker_agent.core.errors import InputError

TOKEN = re.compile(r"""\s*(?:(?P<mark>&&|\|\||[!(),])|`(?P<raw>[^`]*)`|"(?P<text>(?:\\.|[^"\\])*)"|(?P<word>\w+))""")
BRACES = re.compile(r"\{(?:[\w.-]+:)?(?P<pattern>[^{}]*(?:\{[\d,]*\}[^{}]*)*)\}")
MAX_DEPTH = 50
PLAIN_SEPARATOR = re.compile(r"[,\s]+")


@dataclass(frozen=True)
class Request:
    """What a router looks at; header names count whatever their case."""

    host: str
    path: str = "/"
    method: str = "GET"
    query: str = ""
    client: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def header(self, name: str) -> str:
        """The value of a header, "" for none."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Rule:
    """A rule that was understood.

    `operator` is the name of a matcher in lower case, or `&&`, `||`, `!`, with its arguments or its parts.
    """

    operator: str
    arguments: tuple[str, ...] = ()
    parts: tuple[Rule, ...] = ()

    def matches(self, request: Request) -> bool:
        """Whether a request is for it."""
        if self.operator == "!":
            return not self.parts[0].matches(request)
        if self.operator in {"&&", "||"}:
            held = (part.matches(request) for part in self.parts)
            return all(held) if self.operator == "&&" else any(held)
        return MATCHERS[self.operator](request, self.arguments)

    def calls(self, *names: str) -> Iterator[Rule]:
        """The matchers of these names in it, those of negated parts left out."""
        if self.operator in names:
            yield self
        for part in self.parts if self.operator != "!" else ():
            yield from part.calls(*names)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of hosts that it speaks of."""
        return tuple(value.lower() for call in self.calls("host") for value in call.arguments)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The paths that it speaks of."""
        return tuple(value for call in self.calls("path", "pathprefix") for value in call.arguments)


@lru_cache(maxsize=1024)
def parse_rule(text: str) -> Rule:
    """Read a rule.

    A list of names (`a.test, *.b.test`), with a path after it or none, is understood as well; nothing matches all.

    Raises
    ------
    InputError: it cannot be read; the message says why.
    """
    if "(" not in text:
        return _plain(text)
    parser = _Parser(text)
    rule = parser.either(0)
    if parser.peek:
        raise InputError(f"The rule {text!r} cannot be read: {parser.peek!r} is too much.", "Correct the rule.")
    return rule


def without_host(rule: Rule) -> Rule:
    """The same rule for any host."""
    if rule.operator in {"host", "hostregexp"}:
        return Rule("&&")
    if rule.operator == "!":
        return rule
    return Rule(rule.operator, rule.arguments, tuple(without_host(part) for part in rule.parts))


def _plain(text: str) -> Rule:
    words = [word for word in PLAIN_SEPARATOR.split(text.strip()) if word]
    hosts = tuple(word for word in words if not word.startswith("/") and word not in {"_", "*"})
    paths = tuple(word.removesuffix("*") for word in words if word.startswith("/"))
    everywhere = len(hosts) < len(words) - len(paths)
    parts = ((Rule("host", hosts),) if hosts and not everywhere else ()) + (
        (Rule("pathprefix", paths),) if paths else ()
    )
    return Rule("&&", (), parts)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._split())
        self.at = 0

    @property
    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def either(self, depth: int) -> Rule:
        return self._joined("||", self._both, depth)

    def _both(self, depth: int) -> Rule:
        return self._joined("&&", self._one, depth)

    def _joined(self, operator: str, part: Callable[[int], Rule], depth: int) -> Rule:
        parts = [part(depth)]
        while self._is_mark(operator):
            self.at += 1
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else Rule(operator, (), tuple(parts))

    def _one(self, depth: int) -> Rule:
        if depth > MAX_DEPTH:
            raise self._broken("it is nested too deeply")
        if self._is_mark("!"):
            self.at += 1
            return Rule("!", (), (self._one(depth + 1),))
        if self._is_mark("("):
            self.at += 1
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        kind, word = self._next("a matcher")
        if kind != "word":
            raise self._broken(f"{word!r} stands where a matcher should")
        if word.lower() not in MATCHERS:
            raise self._broken(f"unsupported function: {word}")
        self._expect("(")
        arguments = [self._value()]
        while self._is_mark(","):
            self.at += 1
            arguments.append(self._value())
        self._expect(")")
        return Rule(word.lower(), tuple(arguments))

    def _value(self) -> str:
        kind, word = self._next("a value")
        if kind not in {"raw", "text"}:
            raise self._broken(f"{word!r} has no backquotes around it")
        return word

    def _is_mark(self, mark: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] == ("mark", mark)

    def _expect(self, mark: str) -> None:
        if not self._is_mark(mark):
            raise self._broken(f"{mark!r} is missing{f' before {self.peek!r}' if self.peek else ' at the end'}")
        self.at += 1

    def _next(self, what: str) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self._broken(f"{what} is missing at the end")
        self.at += 1
        return self.tokens[self.at - 1]

    def _split(self) -> Iterator[tuple[str, str]]:
        position, text = 0, self.text.rstrip()
        while position < len(text):
            match = TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise self._broken(f"{text[position : position + 20].strip()!r} is not understood")
            yield match.lastgroup, match[match.lastgroup]
            position = match.end()

    def _broken(self, why: str) -> InputError:
        return InputError(f"The rule {self.text!r} cannot be read: {why}.", "Correct the rule.")


def _host(request: Request, names: tuple[str, ...]) -> bool:
    host = request.host.lower().rstrip(".")
    return any(host == name.lower() or ("*" in name and fnmatchcase(host, name.lower())) for name in names)


def _searches(pattern: str, text: str, *, whole: bool = False) -> bool:
    """Whether a Go pattern, or one of version 2 with parts in braces, fits."""
    if BRACES.search(pattern) and "{" in pattern and ":" in pattern:
        pieces = BRACES.split(pattern)
        pattern = "".join(f"(?:{piece})" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
        whole = True
    try:
        return bool(re.fullmatch(pattern, text) if whole else re.search(pattern, text))
    except re.error:
        return False


def _regexp(part: Callable[[Request], str]) -> Callable[[Request, tuple[str, ...]], bool]:
    return lambda request, patterns: any(_searches(pattern, part(request)) for pattern in patterns)


def _header(request: Request, arguments: tuple[str, ...]) -> bool:
    return len(arguments) == 2 and request.header(arguments[0]) == arguments[1]


def _header_regexp(request: Request, arguments: tuple[str, ...]) -> bool:
    value = request.header(arguments[0])
    return len(arguments) == 2 and bool(value) and _searches(arguments[1], value)


def _query(request: Request, arguments: tuple[str, ...]) -> bool:
    return any(
        key == name and (wanted is None or wanted == value)
        for name, wanted in _pairs(arguments)
        for key, value in parse_qsl(request.query, keep_blank_values=True)
    )


def _query_regexp(request: Request, arguments: tuple[str, ...]) -> bool:
    return len(arguments) == 2 and any(
        key == arguments[0] and _searches(arguments[1], value)
        for key, value in parse_qsl(request.query, keep_blank_values=True)
    )


def _pairs(arguments: tuple[str, ...]) -> list[tuple[str, str | None]]:
    """`Query` of version 3 has a key and a value, or the key alone; that of version 2 has `key=value`."""
    if len(arguments) == 2 and "=" not in arguments[0]:
        return [(arguments[0], arguments[1])]
    return [(key, value if sign else None) for key, sign, value in (each.partition("=") for each in arguments)]


def _client(request: Request, networks: tuple[str, ...]) -> bool:
    try:
        client = ipaddress.ip_address(request.client)
        return any(client in ipaddress.ip_network(each, strict=False) for each in networks)
    except ValueError:
        return False


MATCHERS: Mapping[str, Callable[[Request, tuple[str, ...]], bool]] = {
    "host": _host,
    "hostheader": _host,
    "hostregexp": _regexp(lambda request: request.host.lower()),
    "hostsni": lambda request, names: "*" in names or _host(request, names),
    "path": lambda request, paths: request.path in paths,
    "pathprefix": lambda request, paths: any(request.path.startswith(path) for path in paths),
    "pathregexp": _regexp(lambda request: request.path),
    "method": lambda request, names: request.method.upper() in {name.upper() for name in names},
    "header": _header,
    "headers": _header,
    "headerregexp": _header_regexp,
    "headersregexp": _header_regexp,
    "query": _query,
    "queryregexp": _query_regexp,
    "clientip": _client,
}
