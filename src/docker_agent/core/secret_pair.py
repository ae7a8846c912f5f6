"""Whether a key and its value are a secret: the shapes of both are weighed together, and neither decides alone."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from docker_agent.core.record import field, record
from docker_agent.core.secret import URL_PASSWORD, is_random, is_reference, shapes_in
from docker_agent.core.secret_words import (
    ABOUT,
    GLUED,
    GLUED_ENDS,
    INNOCENT,
    MECHANISMS,
    NOTHING,
    OPENING,
    PAIRED,
    RANDOM_ANYWAY,
    SECRET,
    SWITCHES,
    WELL_KNOWN,
)

KeyKind = Literal["secret", "perhaps", "paired", "plain", "about", "random"]

SHORTEST_KEY = 16
MOST_ORDERLY = 0.2
LONGEST_NUMBER = 9

SECRET_KINDS = frozenset({"secret", "perhaps"})

_SECRETIVE = SECRET_KINDS | {"paired"}
_WORDS = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+"
_POINTER = (
    r"(?i)(?:vault|ref\+\w+|op|aws-?ssm|ssm|awssm|awskms|gcp-?sm|sm|secretsmanager|keyvault|akv|doppler|infisical|bws|"
    r"env|file|secretref|k8s|consul|sops|pass)(?:://?|:(?=\S))|arn:aws[\w-]*:|projects/[\w-]+/secrets/|@Microsoft\.|"
    r"\$[({]?\w|\$$|%\w+%$|`|__\w+__$|#\{|!\w+ |\{[{%]|[*•●]+$"
)
_MASK_STARTS = frozenset("$<{/* \t")
_POINTER_SIGNS = ":$%`{#@!*•●/_"
_ELSEWHERE = (
    r"~?\.{0,2}/[\w.@/+ -]*|[A-Za-z]:\\.*|[a-z][a-z0-9+.-]*://\S*|\S+\.(?:key|pem|crt|txt|json|ya?ml|conf|jks|p12)"
)
_MEASURE = r"(?i)\d{1,3}|\d+(?:\.\d+)? ?(?:ns|us|ms|s|m|h|d|w|sec|min|hours?|days?)|[\d*/,?-]+(?: [\d*/,?A-Z-]+){4,5}"
_PLACEHOLDER = (
    r"(?i)<[^<>]*>$|\[[^\]]*\]$|\.{2,}$|…$|(?:.*[\s_<-])?your[\s_-]?\S|.*[_-]here$|(?:re)?place[\s_-]?(?:me|with|this)|"
    r"insert[\s_-]|enter[\s_-]|fill[\s_-]|put[\s_-]|generate[\s_-]|to[\s_-]?do$|tbd$|.*[_-]goes[_-]"
)
_DEFAULT = r"(?i).*change[ _-]?(?:me|this|it)|.*choose|my[a-z_-]*(?:password|secret|token|key|pw)|[x-]+$|(.)\1+$"
_UUID = r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@record
class Suspicion:
    """A secret in a text: the value itself (never to be shown), what kind it is, and the key it stands under.

    `weight` tells a placeholder that someone still has to fill in and a well-known default from a real one.
    """

    secret: str = field(repr=False)
    kind: str
    key: str = ""
    weight: Literal["real", "default", "placeholder"] = "real"

    @property
    def by_key(self) -> bool:
        """Whether the key gave it away."""
        return self.kind == "password"


@lru_cache(maxsize=4_096)
def key_kind(key: str) -> KeyKind:
    """What a key says of its value.

    `secret`: it is one. `perhaps`: a word for secrets, with another after it. `paired`: one if it holds a user and a
    password. `about`: something about a secret. `random`: long random text is usual there. `plain`: nothing.
    """
    words = [word.lower() for word in re.findall(_WORDS, key)]
    while words and words[-1].isdigit():
        words.pop()
    if not words or key == "PWD":
        return "plain"
    last = words[-1]
    if last in PAIRED:
        return "paired"
    if last in ABOUT or SWITCHES.intersection(words) or words[0] in {"use", "no", "max", "min"}:
        return "random" if RANDOM_ANYWAY.intersection(words) else "about"
    if {"public", "pub", "publishable"}.intersection(words):
        return "random"
    places = [place for place, word in enumerate(words) if _names_secret(words, place, word)]
    if places:
        return "secret" if places[-1] == len(words) - 1 or words[-2:] == ["key", "base"] else "perhaps"
    if any(word in key.lower() for word in GLUED):
        return "perhaps"
    return "random" if RANDOM_ANYWAY.intersection(words) else "plain"


def _names_secret(words: list[str], place: int, word: str) -> bool:
    if word in SECRET:
        return True
    before = words[place - 1] if place else ""
    if word in {"key", "cookie"}:
        return before in OPENING if word == "key" else before == "erlang"
    return word.endswith(GLUED_ENDS) and word not in INNOCENT


def secret_pair(key: str, value: str, *, whole: bool = True) -> Suspicion | None:
    """The secret that a key and its value are or hold, none where they are none.

    Parameters
    ----------
    whole: whether the value stands as written; where a variable is part of it, only a known shape counts.
    """
    text = value.strip()
    kind = key_kind(key)
    if not text or (len(text) < SHORTEST_KEY and kind not in _SECRETIVE and "://" not in text):
        return None
    if text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    if default := re.fullmatch(r"\$\{\w+:?-([^$}]+)\}", text) if text.startswith("${") else None:
        text = default.group(1)
    found = secret_by_shape(text)
    if found or not whole or not text:
        return found
    if is_pointer(text):
        return None
    if kind in SECRET_KINDS:
        return _under_secret_key(key, text, sure=kind == "secret")
    if kind == "paired":
        return _in_pair(key, text)
    if kind == "plain" and looks_generated(text):
        return Suspicion(text, "random", key)
    return None


def secret_by_shape(text: str) -> Suspicion | None:
    """A secret that is known by its own shape: a token of a known maker, a private key, a URL with a password."""
    for shape in shapes_in(text) if len(text) >= SHORTEST_KEY else ():
        if found := shape.pattern.search(text):
            return Suspicion(found.group(), shape.kind)
    if "://" in text or ")/" in text:
        found = URL_PASSWORD.search(text) or re.search(r"^[\w.\-]+:([^@\s/:]{3,})@(?:tcp|unix)\(", text)
        if found and not is_pointer(found.group(1)):
            return Suspicion(found.group(1), "url", "", weight_of(found.group(1)))
    return None


def is_pointer(text: str) -> bool:
    """Whether a value stands for another: a variable, a mask, a path into a vault."""
    if text[:1] in _MASK_STARTS and is_reference(text) and (text[0] != "<" or text.startswith("<secret:")):
        return True
    return any(sign in text for sign in _POINTER_SIGNS) and bool(re.match(_POINTER, text))


def weight_of(value: str, key: str = "") -> Literal["real", "default", "placeholder"]:
    """Whether a value is one that somebody chose, one that everybody knows, or one that is still to be filled in."""
    lower = value.lower()
    bare = lower.rstrip("0123456789!.@#_-")
    if lower != key.lower() and bare and (lower in WELL_KNOWN or bare in WELL_KNOWN):
        return "default"
    if lower == key.lower() or re.match(_PLACEHOLDER, value):
        return "placeholder"
    if (not bare and len(value) < LONGEST_NUMBER) or re.match(_DEFAULT, value):
        return "default"
    return "real"


def looks_generated(text: str) -> bool:
    """Whether a text is a generated key: random, and no UUID, address, name in camel case or encoded plain text."""
    if (
        not is_random(text)
        or re.fullmatch(_UUID, text)
        or re.match(r"[\w.+-]+@[\w-]+\.|0x[0-9a-fA-F]{40}$|sha\d+-", text)
    ):
        return False
    if re.fullmatch(r"[0-9a-fA-F]+", text):
        return len(text) >= 32
    longest = max(re.split(r"[^A-Za-z0-9+/=]+", text), key=len)
    capitals = re.sub(r"[A-Z](?=[a-z])", lambda found: found.group().lower(), longest)
    changes = sum(_class(one) != _class(other) for one, other in pairwise(capitals))
    return len(longest) >= 16 and changes > len(longest) * MOST_ORDERLY and not _is_encoded_text(text)


def _under_secret_key(key: str, text: str, *, sure: bool) -> Suspicion | None:
    lower = text.lower()
    if lower in NOTHING or (any(sign in text for sign in "/\\.") and re.fullmatch(_ELSEWHERE, text)):
        return None
    if text[0] in "0123456789*,?" and re.fullmatch(_MEASURE, text):
        return None
    if not sure and (lower in MECHANISMS or re.fullmatch(r"[a-z]+(?:[._ -][a-z]+)*|[\d.]+", text)):
        return None
    if re.match(r"[\[{]|-----BEGIN|ssh-\w+ AAAA", text) or lower in {"hs256", "rs256", "es256"}:
        return None
    return Suspicion(text, "password", key, weight_of(text, key))


def _in_pair(key: str, text: str) -> Suspicion | None:
    """The password of `user:password`, `user/password` or `Basic ...`."""
    if found := re.fullmatch(r"(?i)(?:bearer|basic|token) +(\S{8,})", text):
        return Suspicion(found.group(1), "password", key)
    found = re.fullmatch(r"[\w.@-]+[:/]([^\s/:]{3,})", text)
    if (
        found
        and not re.fullmatch(r"\d+|[\w.-]+@\w+", found.group(1))
        and key_kind(key) == "paired"
        and "dsn" not in key.lower()
    ):
        return Suspicion(found.group(1), "password", key, weight_of(found.group(1)))
    return Suspicion(text, "random", key) if looks_generated(text) else None


def _class(character: str) -> int:
    return 0 if character.islower() else 1 if character.isupper() else 2


def _is_encoded_text(text: str) -> bool:
    if len(text) % 4:
        return False
    try:
        decoded = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return False
    return all(9 <= byte < 127 for byte in decoded)
