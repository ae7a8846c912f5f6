"""Rules of routers between Traefik 2 and 3: what the other one has another name for, or reads otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Severity

Said = tuple[Severity, str, str]

MATCHER = re.compile(r"(?P<name>[A-Za-z]\w*)\((?P<arguments>(?:`[^`]*`|\"[^\"]*\"|[^`\"()])*)\)")
TEXT = re.compile(r"`([^`]*)`|\"([^\"]*)\"")
NAMED = re.compile(r"\{\w+(?::(?P<pattern>[^{}]*))?\}")
# The matchers of Traefik 3 that take two values, those with one or two, and what it renamed.
TWO, ONE_OR_TWO = frozenset({"header", "headerregexp"}), frozenset({"query", "queryregexp"})
ONE = frozenset({"host", "hostregexp", "path", "pathprefix", "pathregexp", "method", "clientip"})
TCP = frozenset({"hostsni", "hostsniregexp", "clientip", "alpn"})
RENAMED = {"headers": "Header", "headersregexp": "HeaderRegexp", "hostheader": "Host"}
ONLY_NEW = {"header": "Headers", "headerregexp": "HeadersRegexp", "pathregexp": "Path", "queryregexp": "Query"}


def check_rule(rule: str, *, old: bool = False, tcp: bool = False) -> Iterator[Said]:
    """What Traefik refuses of a rule, or reads as something else: how bad, what, and what to write.

    Parameters
    ----------
    old: whether it is read in the syntax of Traefik 2.
    tcp: whether it is a router of TCP.
    """
    if not MATCHER.search(rule):
        yield Severity.ERROR, "this is no rule, so the router is disabled.", "Write it as Host(`shop.example.com`)."
        return
    for match in MATCHER.finditer(rule):
        name, arguments = match["name"].lower(), match["arguments"]
        values = [first or second for first, second in TEXT.findall(arguments)]
        if TEXT.sub("", arguments).replace(",", "").strip():
            fix = f"Write {match['name']}(`{arguments.strip(chr(39))}`)."
            yield Severity.ERROR, f"{match[0]} has no backticks around its value, so the router is disabled.", fix
        elif tcp != (name in TCP) and name != "clientip":
            yield Severity.ERROR, f"{match['name']} is no matcher of a {'TCP' if tcp else 'HTTP'} router.", _other(tcp)
        elif old:
            if name in ONLY_NEW:
                fix = f"Write {ONLY_NEW[name]}(...)."
                yield Severity.ERROR, f"{match['name']} is not known to the syntax of Traefik 2.", fix
        else:
            yield from _in_new(match[0], match["name"], values)


def new_rule(rule: str) -> str:
    """A rule of Traefik 2 as Traefik 3 writes it."""
    return MATCHER.sub(
        lambda match: _rewritten(match["name"], [a or b for a, b in TEXT.findall(match["arguments"])]), rule
    )


def _in_new(shown: str, name: str, values: list[str]) -> Iterator[Said]:
    kind = name.lower()
    fix = f"Write {_rewritten(name, values)}."
    if kind in RENAMED:
        yield Severity.ERROR, f"{name} is not known to Traefik 3, so the router is disabled.", fix
    elif (kind in ONE and len(values) > 1) or (kind in ONE_OR_TWO and len(values) > 2):
        yield Severity.ERROR, f"{shown} has more values than Traefik 3 takes, so the router is disabled.", fix
    elif kind == "hostregexp" and any(NAMED.search(value) for value in values):
        yield Severity.ERROR, f"{shown} is in the syntax of Traefik 2: Traefik 3 matches nothing with it.", fix
    elif kind in {"path", "pathprefix"} and any(NAMED.search(value) for value in values):
        yield Severity.ERROR, f"{shown} takes its braces as they stand since Traefik 3.", fix


def _rewritten(name: str, values: list[str]) -> str:
    """One matcher as Traefik 3 writes it: one value each, with the regular expressions of Go."""
    kind = name.lower()
    word = RENAMED.get(kind, name)
    if kind in {"hostregexp", "path", "pathprefix"} and any(NAMED.search(value) for value in values):
        end = "" if kind == "pathprefix" else "$"
        word = "HostRegexp" if kind == "hostregexp" else "PathRegexp"
        values = [f"^{_expression(value)}{end}" for value in values]
    if kind in {"headers", "headersregexp"} | TWO | ONE_OR_TWO:
        return f"{word}({', '.join(f'`{value}`' for value in values)})"
    joined = " || ".join(f"{word}(`{value}`)" for value in values)
    return f"({joined})" if len(values) > 1 else joined


def _expression(value: str) -> str:
    parts: list[str] = []
    position = 0
    for match in NAMED.finditer(value):
        parts += [re.escape(value[position : match.start()]), match["pattern"] or r"[^./]+"]
        position = match.end()
    return "".join([*parts, re.escape(value[position:])]).replace(r"\-", "-")


def _other(tcp: bool) -> str:
    return "Write HostSNI(`*`)." if tcp else "Write Host(`shop.example.com`)."
