"""What secrets look like: by the key they stand under and by their own shape, scored together."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

SHORTEST = 6
MASK = re.compile(r"<secret:[\w.\-]+>")

KEY_WORDS = re.compile(
    r"(?:^|[_.\-])(?:pass|passwd|password|passphrase|pwd|secret|secrets|token|apikey|credential|credentials|salt|pepper|"
    r"(?:api|access|private|secret|signing|encryption|master|account|session|app|auth)[_.\-]?key|"
    r"key[_.\-]?base|dsn|bearer|auth)(?:$|[_.\-\d])",
    re.IGNORECASE,
)
GLUED_WORDS = re.compile(
    r"password|passwd|passphrase|secretkey|apikey|accesskey|privatekey|authtoken|requirepass", re.IGNORECASE
)
NOT_SECRET_ENDINGS = re.compile(
    r"[_.\-](?:file|path|dir|name|names|id|ids|user|username|endpoint|url|uri|host|port|algo|algorithm|hash_algo|type|"
    r"ttl|timeout|expiry|expires|lifetime|length|min|max|policy|enabled|required|provider|method|mode|header|count|"
    r"rounds|issuer|audience|region|realm|bucket|store|backend|version|env|public|pub|stdin|level|interval|hasher|days|"
    r"hours|minutes|seconds|prefix|suffix|scope|scopes|size|limit|format|strategy|class)$",
    re.IGNORECASE,
)
PUBLIC_KEYS = re.compile(r"public[_.\-]?key|publishable", re.IGNORECASE)


@dataclass(frozen=True)
class Shape:
    """How a known kind of secret is written; `starts` are the letters that every one of them holds.

    Looking for those letters first is a hundred times faster than the pattern.
    """

    kind: str
    starts: tuple[str, ...]
    pattern: re.Pattern[str]


PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
KNOWN_SHAPES: tuple[Shape, ...] = (
    Shape("private-key", ("PRIVATE KEY-----",), re.compile(PRIVATE_KEY, re.DOTALL)),
    Shape("jwt", ("eyJ",), re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")),
    Shape(
        "github-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})"),
    ),
    Shape("gitlab-token", ("glpat-",), re.compile(r"\bglpat-[\w-]{20,}")),
    Shape("aws-key", ("AKIA", "ASIA"), re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    Shape("anthropic-key", ("sk-ant-",), re.compile(r"\bsk-ant-[\w-]{16,}")),
    Shape("openai-key", ("sk-",), re.compile(r"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}")),
    Shape("stripe-key", ("k_live_", "k_test_"), re.compile(r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}")),
    Shape("slack-token", ("xox",), re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{10,}")),
    Shape("google-key", ("AIza",), re.compile(r"\bAIza[\w-]{35}")),
)
URL_PASSWORD = re.compile(r"://(?<=\w://)[^\s/:@\"'<>]*:([^\s/\"'<>]{3,256})@")

PASSWORD_FLAG = re.compile(r"--?[\w\-]*(?:password|passwd|requirepass|passphrase|secret|token)", re.IGNORECASE)

HARMLESS_WORDS = frozenset(
    [
        *("change", "destroy", "applied", "failed", "denied", "refused", "running", "exited", "created", "restarting"),
        *("healthy", "unhealthy", "starting", "worker", "server", "client", "backend", "frontend"),
        "true",
        "false",
        "none",
        "null",
        "yes",
        "no",
        "on",
        "off",
        "enabled",
        "disabled",
        "production",
        "development",
        "staging",
        "testing",
        "debug",
        "info",
        "warn",
        "warning",
        "error",
        "localhost",
        "postgres",
        "postgresql",
        "mysql",
        "mariadb",
        "redis",
        "mongo",
        "mongodb",
        "rabbitmq",
        "docker",
        "traefik",
        "nginx",
        "caddy",
        "default",
        "example",
        "admin",
        "administrator",
        "password",
        "secret",
        "public",
        "private",
        "internal",
        "external",
        "always",
        "never",
        "required",
        "optional",
        "username",
        "string",
        "number",
        "service",
        "database",
        "latest",
        "stable",
        "alpine",
        "bullseye",
        "bookworm",
        "expired",
        "invalid",
        "missing",
        "incorrect",
        "rejected",
        "revoked",
        "refused",
        "failed",
        "unknown",
        "unset",
        "denied",
        "redacted",
        "masked",
        "hidden",
    ]
)


@lru_cache(maxsize=4_096)
def key_looks_secret(key: str) -> bool:
    """Whether a key names a secret: `DB_PASSWORD` does, `PASSWORD_FILE` and `TOKEN_ENDPOINT` do not."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)
    if NOT_SECRET_ENDINGS.search(spaced) or PUBLIC_KEYS.search(key):
        return False
    return bool(KEY_WORDS.search(spaced) or GLUED_WORDS.search(key))


def shapes_in(text: str) -> Iterator[Shape]:
    """The known shapes that a text may hold, by their first letters."""
    return (shape for shape in KNOWN_SHAPES if any(start in text for start in shape.starts))


def value_looks_secret(value: str) -> bool:
    """Whether a value is a secret whatever its key: a known token's shape, a URL with a password, or random enough."""
    if any(shape.pattern.search(value) for shape in shapes_in(value)):
        return True
    found = URL_PASSWORD.search(value)
    if found and not is_reference(found.group(1)):
        return True
    return is_random(value)


def is_reference(value: str) -> bool:
    """Whether a value only points at another: `${VAR}`, `$VAR`, a mask, a path to a mounted secret."""
    return bool(
        re.fullmatch(r"\$\w+|\$\{[^}]*\}|<[^<>]*>|\{\{.*\}\}|/run/secrets/[\w.\-/]+|\*+", value.strip(), re.DOTALL)
    )


def is_random(value: str) -> bool:
    """Whether a value is one word of 16 or more characters with letters, digits and the entropy of a generated key."""
    if len(value) < 16 or re.search(r"\s", value) or re.match(r"[./~]|[a-z][a-z0-9+.\-]*://", value):
        return False
    if not re.fullmatch(r"[A-Za-z0-9+/=_\-.~!@#$%^&*]+", value) or re.fullmatch(r"[\d.\-:T]+", value):
        return False
    if re.fullmatch(r"[a-z0-9.\-]+\.[a-z]{2,}", value) or re.match(r"sha256[:-]", value):
        return False
    if re.fullmatch(r"[0-9a-fA-F]{24,}", value):
        return entropy(value) > 2.8
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", r"\d"))
    words = re.split(r"[-_.]", value)
    return kinds >= 2 and bool(re.search(r"\d", value)) and max(map(len, words)) >= 12 and entropy(value) > 3.3


def entropy(value: str) -> float:
    """Shannon entropy in bits a character."""
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in Counter(value).values()) if size else 0.0
