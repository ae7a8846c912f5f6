"""Rules of routers: which requests they match. Traefik's language, in the words of version 3 and of version 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.matchers import MATCHERS, Request, either, opposite

TOKEN = re.compile(r"""\s*(?:(?P<mark>&&|\|\||[!(),])|`(?P<raw>[^`]*)`|"(?P<text>(?:\\.|[^"\\])*)"|(?P<word>\w+))""")
MAX_DEPTH = 50
PLAIN_SEPARATOR = re.compile(r"[,\s]+")


@dataclass(frozen=True)
class Rule:
    """A rule that was understood.

    `operator` is the name of a matcher in lower case, or `&&`, `||`, `!`, with its arguments or its parts.
    """

    operator: str
    arguments: tuple[str, ...] = ()
    parts: tuple[Rule, ...] = ()

    def matches(self, request: Request) -> bool:
        """Whether a request is certainly for it."""
        return self.judge(request) is True

    def judge(self, request: Request) -> bool | None:
        """Whether a request is for it, None where that cannot be said from here."""
        if self.operator == "!":
            return opposite(self.parts[0].judge(request))
        if self.operator == "||":
            return either(part.judge(request) for part in self.parts)
        if self.operator == "&&":
            missed = either(opposite(part.judge(request)) for part in self.parts)
            return opposite(missed)
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
