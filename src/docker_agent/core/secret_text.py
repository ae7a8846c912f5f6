"""Secrets inside longer texts: on command lines, in configuration files, in JSON, in scripts and Dockerfiles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from docker_agent.core.secret import URL_PASSWORD, shapes_in
from docker_agent.core.secret_pair import (
    SECRET_KINDS,
    Suspicion,
    is_pointer,
    key_kind,
    looks_generated,
    secret_by_shape,
    secret_pair,
    weight_of,
)

MOST_SECRETS = 100
LONGEST_TEXT = 100_000

_HINTS = ("pass", "secret", "token", "key", "pwd", "auth", "cred", "bearer", "://", "identified")
_ASSIGNED = (
    r"(?m)(?P<lead>^[ \t]{0,40}(?:- )?|[\s\"'?&;,{(\-])(?P<key>[A-Za-z_][\w.\-]{0,80})(?P<close>[\"']?)"
    r"(?P<middle>[ \t]{0,40}[=:][ \t]{0,40})"
    r"(?:\"(?P<double>[^\"\n]{0,2000})\"|'(?P<single>[^'\n]{0,2000})'|(?P<bare>[^\s\"',;&}\])]{1,300}))(?P<rest>[^\n]{0,40})"
)
_DIRECTIVE = (
    r"(?im)^[ \t]{0,40}(?:ENV |ARG )?(?P<key>requirepass|masterauth|password|bindpw|rootpw)[ \t]+[\"']?"
    r"(?P<value>[^\s\"'=:;]{1,300})|(?P<sql>identified by|password)[ \t]+'(?P<quoted>[^'\n]{1,300})'"
    r"|(?<![\w.])[\w.]{1,40}:(?P<piped>[^\s\"':/$]{1,200})[\"']?[ \t]*\|[ \t]*chpasswd"
)
_HEADER = (
    r"(?i)(?P<key>authorization|x-[\w-]{0,40}(?:key|token))[\"']?[ \t]*[:=][ \t]*[\"']?"
    r"(?P<scheme>(?:bearer|basic|token)[ \t]+)?(?P<value>[A-Za-z0-9+/=_.~-]{8,})"
)
_COMMENT = r"[ \t]*(?:#|;|//)"
_TOKENS = r"&&|\|\||[;|\n]|(?:[^\s;|\"'&]|&(?!&)|\"(?:\\.|[^\"\\])*\"|'[^']*')+"
_AFTER = {
    "sshpass": "-p",
    "redis-cli": "-a",
    "valkey-cli": "-a",
    "mongo": "-p",
    "mongosh": "-p",
    "mongodump": "-p",
    "mongorestore": "-p",
    "curl": "-u",
    "ldapsearch": "-w",
    "ldapwhoami": "-w",
    "rabbitmqadmin": "-p",
}
_GLUED = r"(?:mysql|mariadb)(?:d|admin|dump|check|show|import|-admin|-dump|-check)?|sshpass"
_SEPARATORS = frozenset({"", ";", "&&", "||", "|"})
_POSITIONS = {
    ("alias", "set"): 4,
    ("host", "add"): 4,
    ("add_user",): 2,
    ("change_password",): 2,
}


def secrets_in_text(text: str) -> Iterator[Suspicion]:
    """The secrets in a text of many lines or many assignments, each once; comments and prose are left out.

    The first 100,000 characters are looked at, and the first hundred secrets told.
    """
    text = text[:LONGEST_TEXT]
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS) and not shapes_in(text):
        return
    seen: set[str] = set()
    for found in islice(_all_in(text), MOST_SECRETS):
        if found.secret not in seen and not any(found.secret in other for other in seen):
            seen.add(found.secret)
            yield found


def _all_in(text: str) -> Iterator[Suspicion]:
    for shape in shapes_in(text):
        yield from (Suspicion(found.group(), shape.kind) for found in shape.pattern.finditer(text))
    plain = "\n".join("" if re.match(_COMMENT, line) else line for line in text.split("\n"))
    for found in URL_PASSWORD.finditer(plain):
        if not is_pointer(found.group(1)):
            yield Suspicion(found.group(1), "url", "", weight_of(found.group(1)))
    for found in re.finditer(_HEADER, plain):
        if found["scheme"] or looks_generated(found["value"]):
            yield Suspicion(found["value"], "password", found["key"])
    yield from _assigned(plain)
    for found in re.finditer(_DIRECTIVE, plain):
        value = found["value"] or found["quoted"] or found["piped"]
        key = found["key"] or found["sql"] or "chpasswd"
        if pair := secret_pair("password", value):
            yield Suspicion(pair.secret, "password", key.lower().replace(" ", "_"), pair.weight)


def _assigned(text: str) -> Iterator[Suspicion]:
    """What is assigned to keys for secrets: `key=value`, `key: value`, `"key": "value"`."""
    pattern, position = re.compile(_ASSIGNED), 0
    while found := pattern.search(text, position):
        if key_kind(found["key"]) not in SECRET_KINDS:
            position = found.end("middle")
            continue
        position = found.start("rest")
        value = next(found[part] for part in ("double", "single", "bare") if found[part] is not None)
        if not _is_prose(found) and (pair := secret_pair(found["key"], value)):
            yield pair


def _is_prose(found: re.Match[str]) -> bool:
    """Whether a colon after a word belongs to a sentence, not to YAML."""
    if ":" not in found["middle"] or found["bare"] is None:
        return False
    starts_line = not found["lead"].strip(" \t\n-")
    return not starts_line or found["middle"][-1] not in " \t" or bool(re.match(r" +[a-z]", found["rest"]))


def split_words(text: str) -> list[str]:
    """The words and separators of a shell line; quotes stay around their words."""
    return re.findall(_TOKENS, text[:LONGEST_TEXT])


def secrets_on_command_line(words: Sequence[str]) -> Iterator[tuple[int, Suspicion]]:
    """The secrets among the words of a command, each with the number of its word.

    A word that holds a line of its own (`sh -c "..."`) is looked into.
    """
    program = ""
    for place, quoted in enumerate(words):
        word = _unquoted(quoted)
        following = _unquoted(words[place + 1]) if place + 1 < len(words) else ""
        program = _program(word, program)
        if word.strip() in _SEPARATORS:
            continue
        inner = split_words(word) if re.search(r"\s", word) else []
        if len(inner) > 1:
            found = [*_headers(word)] or [found for _, found in secrets_on_command_line(inner)]
            yield from ((place, each) for each in found)
        elif found := secret_by_shape(word) or _assignment(word):
            yield place, found
        elif short := _short_flag(program, word, following):
            yield place + short[0], short[1]
        elif after := _after_flag(word, following):
            yield place + 1, after
        elif positional := _positional(words, place):
            yield positional


def _program(word: str, before: str) -> str:
    """The program whose flags follow, as far as it is one whose short flags are known."""
    name = word.rpartition("/")[2]
    if name in _AFTER or re.fullmatch(_GLUED, name):
        return name
    return "" if word.strip() in _SEPARATORS else before


def _headers(text: str) -> Iterator[Suspicion]:
    for found in re.finditer(_HEADER, text):
        if not text[: found.start("key")].strip(" -=hHeadr\"'"):
            yield Suspicion(found["value"], "password", found["key"])


def _assignment(word: str) -> Suspicion | None:
    name, given, value = word.partition("=")
    key = name.removeprefix("-D").lstrip("-")
    if not given or key_kind(key) not in {"secret", "perhaps", "paired"} or not re.fullmatch(r"[\w.\-]+", key):
        return None
    return secret_pair(key, _unquoted(value))


def _after_flag(word: str, following: str) -> Suspicion | None:
    flag = re.fullmatch(r"--?([A-Za-z][\w.\-]*)", word)
    if not flag or following.startswith("-") or re.search(r"\s", following[:1]):
        return None
    return secret_pair(flag.group(1), following) if key_kind(flag.group(1)) in {"secret", "paired"} else None


def _short_flag(program: str, word: str, following: str) -> tuple[int, Suspicion] | None:
    """The password after a one-letter flag of a program that is known to take one."""
    if not program:
        return None
    if re.fullmatch(_GLUED, program) and word.startswith("-p") and len(word) > 2:
        place, value = 0, _unquoted(word[2:])
    elif word in {_AFTER.get(program), "--user" if program == "curl" else None}:
        place, value = 1, following
    else:
        return None
    if program == "curl":
        value = value.partition(":")[2]
    pair = secret_pair("password", value)
    return (place, Suspicion(pair.secret, "password", word[:2], weight_of(pair.secret))) if pair else None


def _positional(words: Sequence[str], place: int) -> tuple[int, Suspicion] | None:
    """A password that is told by its position: `mc alias set NAME URL KEY SECRET`, `htpasswd -b FILE USER PASSWORD`."""
    offset = 0
    for before, steps in _POSITIONS.items():
        if tuple(words[max(place - len(before) + 1, 0) : place + 1]) == before:
            offset = steps
    if words[place].rpartition("/")[2] == "htpasswd":
        flags = [word for word in words[place + 1 : place + 4] if word.startswith("-")]
        if any("b" in flag for flag in flags):
            offset = 1 + len(flags) + (1 if any("n" in flag for flag in flags) else 2)
    if not offset or place + offset >= len(words):
        return None
    pair = secret_pair("password", _unquoted(words[place + offset]))
    return (place + offset, pair) if pair else None


def _unquoted(word: str) -> str:
    if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'":
        return word[1:-1]
    return word
