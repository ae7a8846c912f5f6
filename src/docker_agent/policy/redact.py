"""Redaction: every secret becomes a mask with a stable name, and masks become values again only when a file is written.

Known values come first, in every form they may be printed in (as they are, escaped for JSON, quoted for a URL or a
shell, in base64 at any alignment, in hexadecimal); then whatever looks like a secret by its shape or by its key.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
import threading
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import quote, quote_plus, unquote

from docker_agent.core.errors import InputError
from docker_agent.core.secret import (
    HARMLESS_WORDS,
    MASK,
    PASSWORD_FLAG,
    SHORTEST,
    URL_PASSWORD,
    is_random,
    is_reference,
    key_looks_secret,
    shapes_in,
)

SHORTEST_CODED = 8
SHORTEST_LINE = 12
KEYED = re.compile(
    r"(?<![<\w.\-])(?P<key>[A-Za-z][\w.\-]{0,60}+)(?P<middle>\\?[\"']?[ \t]{0,3}[=:][ \t]{0,4}\\?[\"']?)"
    r"(?P<value>[^\s\"'\\,;&<>{}\[\]()]{6,})"
)
FLAG = re.compile(
    r"(?<![\w\-])(?P<key>--?(?=[A-Za-z])(?=[\w\-]{0,60}?(?:password|passwd|requirepass|token|secret))[\w\-]{1,80}+)"
    r"(?P<middle>[ =])(?P<value>[^\s\"'<>]{6,})"
)
BEARER = re.compile(r"(?P<key>[Bb](?:earer|asic))(?P<middle>\s+)(?P<value>[A-Za-z0-9+/=_\-.~]{8,})")
SCHEMES = frozenset({"bearer", "basic"})
POINTER = re.compile(r"/[\w./\-]*|\$.*|secret:.*|(?:id|src|source|type|env)=.*|\d+")
WORD = re.compile(r"[A-Z]?[a-z.\-]+:?")
MORE_WORDS = re.compile(r" \w+(?![\w.\-]*[=:])")


class Redactor:
    """Masks the secrets of one session; safe to use from many threads.

    Parameters
    ----------
    known: secret values by name. Names and values learnt later keep the names given before.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._forms: dict[str, str] = {}
        self._ordered: tuple[str, ...] = ()
        self.learn(known or {})

    def learn(self, secrets: Mapping[str, str]) -> None:
        """Add secrets by name; values under six characters and plain words such as `postgres` are left out.

        The password inside a URL is a secret of its own, named after it (`DATABASE_URL_password`). A plain word as a
        password is still masked where it stands after a key for a password.
        """
        with self._lock:
            fresh = False
            for name, value in (*secrets.items(), *_url_passwords(secrets)):
                text = value.strip()
                if len(text) >= SHORTEST and text.lower() not in HARMLESS_WORDS and text not in self._names:
                    self._add(name, text)
                    fresh = True
            if fresh:
                self._ordered = tuple(sorted(self._forms, key=len, reverse=True))

    def text(self, text: str) -> str:
        """Text with every secret masked; masking twice changes nothing."""
        masked = self._mask_known(text)
        for shape in shapes_in(masked):
            masked = shape.pattern.sub(lambda found, kind=shape.kind: self._named(kind, found.group(0)), masked)
        masked = URL_PASSWORD.sub(self._mask_url, masked)
        for pattern in (BEARER, FLAG, KEYED):
            masked = pattern.sub(self._mask_keyed, masked)
        return masked

    def data(self, value: Any) -> Any:
        """Plain data (mappings, lists, text) with every secret masked; keys stay as they are."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            pairs = cast("dict[Any, Any]", value)
            return {key: self._under_key(str(key), item) for key, item in pairs.items()}
        if isinstance(value, list | tuple):
            return self._items(cast("list[Any]", value))
        return value

    def resolve(self, text: str) -> str:
        """Text with the masks replaced by the values they stand for, for writing.

        Raises
        ------
        InputError: a mask stands for nothing that is known here.
        """

        def value_of(found: re.Match[str]) -> str:
            name = found.group(0)[len("<secret:") : -1]
            if name not in self._values:
                known = ", ".join(sorted(self._values)) or "none"
                raise InputError(f"No secret is known as <secret:{name}>.", f"Known: {known}.")
            return self._values[name]

        return MASK.sub(value_of, text)

    def _add(self, name: str, value: str) -> str:
        wanted = free = re.sub(r"[^\w.\-]", "_", name) or "secret"
        number = 2
        while free in self._values:
            free = f"{wanted}_{number}"
            number += 1
        self._names[value] = free
        self._values[free] = value
        for form in _forms_of(value):
            self._forms.setdefault(form, f"<secret:{free}>")
        self._forms[value] = f"<secret:{free}>"
        return free

    def _named(self, kind: str, value: str) -> str:
        """The mask of a value found by its shape; the same value gets the same name."""
        with self._lock:
            if value not in self._names:
                number = 1 + sum(name.startswith(f"{kind}-") for name in self._values)
                self._add(f"{kind}-{number}", value)
                self._ordered = tuple(sorted(self._forms, key=len, reverse=True))
            return f"<secret:{self._names[value]}>"

    def _local(self, kind: str, value: str) -> str:
        """The mask of a value found by the key before it: resolvable, but masked elsewhere only where it is random."""
        if is_random(value):
            return self._named(kind, value)
        with self._lock:
            if value in self._names:
                return f"<secret:{self._names[value]}>"
            for name, known in self._values.items():
                if known == value:
                    return f"<secret:{name}>"
            free = f"{kind}-{1 + sum(name.startswith(f'{kind}-') for name in self._values)}"
            self._values[free] = value
            return f"<secret:{free}>"

    def _mask_known(self, text: str) -> str:
        present = [form for form in self._ordered if form in text]
        if not present:
            return text
        pattern = re.compile("|".join([MASK.pattern, *(re.escape(form) for form in present)]))
        return pattern.sub(lambda found: self._forms.get(found.group(0), found.group(0)), text)

    def _mask_url(self, found: re.Match[str]) -> str:
        password = found.group(1)
        if is_reference(password) or MASK.search(password):
            return found.group(0)
        start = found.start(1) - found.start(0)
        return f"{found.group(0)[:start]}{self._local('url-password', password)}@"

    def _mask_keyed(self, found: re.Match[str]) -> str:
        key, value = found.group("key"), found.group("value")
        scheme = key.lower() in SCHEMES
        if not (scheme or key_looks_secret(key.lstrip("-"))) or _is_harmless(found, prose=scheme):
            return found.group(0)
        return f"{key}{found.group('middle')}{self._local('token' if scheme else 'password', value)}"

    def _items(self, items: list[Any]) -> list[Any]:
        """A list, in which the word after a flag for a password (`--requirepass`, `WORD`) is one."""
        masked: list[Any] = []
        before = ""
        for item in items:
            after_flag = isinstance(item, str) and len(item) >= SHORTEST and PASSWORD_FLAG.fullmatch(before)
            plain = after_flag and not is_reference(item) and not POINTER.fullmatch(item)
            masked.append(self._local("password", item) if plain else self.data(item))
            before = item if isinstance(item, str) else ""
        return masked

    def _under_key(self, key: str, item: Any) -> Any:
        if isinstance(item, str) and len(item) >= SHORTEST and key_looks_secret(key) and not is_reference(item):
            masked = self.text(item)
            plain = not MASK.search(masked) and " " not in item
            return self._local("password", item) if plain and item.lower() not in HARMLESS_WORDS else masked
        return self.data(item)


def _is_harmless(found: re.Match[str], *, prose: bool) -> bool:
    """Whether what stands after a key is a reference, a path, a mask, a plain word or the next word of a sentence."""
    value = found.group("value")
    if is_reference(value) or POINTER.fullmatch(value) or MASK.search(value):
        return True
    if value.lower() in HARMLESS_WORDS - {"postgres", "secret"}:
        return True
    if not WORD.fullmatch(value):
        return False
    return prose or (found.group("middle") == ": " and bool(MORE_WORDS.match(found.string, found.end())))


def _url_passwords(secrets: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The passwords of the URLs among the secrets, as they stand there and as programs read them."""
    for name, value in secrets.items():
        for password in URL_PASSWORD.findall(value):
            if not is_reference(password):
                yield f"{name}_password", password
                yield f"{name}_password", unquote(password)


def _forms_of(value: str) -> Iterator[str]:
    """Every way a value may be printed."""
    yield value
    yield json.dumps(json.dumps(value)[1:-1])[1:-1]
    for escaped in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield escaped
        yield escaped.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
    raw = value.encode("utf-8", "surrogatepass")
    for safe in ("", "/", "!*'()", "$&+,;=", "$&+:=@"):
        yield quote(raw, safe=safe)
    yield quote_plus(raw)
    yield repr(value)[1:-1]
    yield shlex.quote(value).strip("'")
    yield value.replace("'", r"'\''")
    yield value.replace("$", "$$")
    yield raw.hex()
    yield raw.hex().upper()
    yield from _base64_forms(raw)
    lines = value.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= SHORTEST_LINE and "-----" not in line)


def _base64_forms(raw: bytes) -> Iterator[str]:
    """The value in base64, alone and inside something longer at each of the three alignments."""
    whole = base64.b64encode(raw).decode()
    yield whole
    for shift, dropped in ((0, 0), (1, 2), (2, 3)):
        coded = base64.b64encode(b"\0" * shift + raw).decode()
        rest = (shift + len(raw)) % 3
        core = coded[dropped : len(coded) - (4 - rest if rest else 0)] if rest else coded[dropped:]
        if len(core) >= SHORTEST_CODED - 1:
            yield core
            yield core.replace("+", "-").replace("/", "_")
