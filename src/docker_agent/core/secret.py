"""What secrets look like: by the key they stand under and by their own shape, scored together."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cached_property, lru_cache

from docker_agent.core.pattern import lazy
from docker_agent.core.record import record

SHORTEST = 6
MASK = lazy(r"<secret:[\w.\-]+>")

KEY_WORDS = (
    r"(?i)(?:^|[_.\-])(?:pass|passwd|password|passphrase|pwd|secret|secrets|token|apikey|credential|credentials|salt|pepper|"
    r"(?:api|access|private|secret|signing|encryption|master|account|session|app|auth)[_.\-]?key|"
    r"key[_.\-]?base|dsn|bearer|auth)(?:$|[_.\-\d])"
)
GLUED_WORDS = r"(?i)password|passwd|passphrase|secretkey|apikey|accesskey|privatekey|authtoken|requirepass"
HARMLESS_ENDINGS = (
    r"(?i)[_.\-](?:file|path|dir|name|names|id|ids|user|username|endpoint|url|uri|host|port|algo|algorithm|hash_algo|type|"
    r"ttl|timeout|expiry|expires|lifetime|length|min|max|policy|enabled|required|provider|method|mode|header|count|"
    r"rounds|issuer|audience|region|realm|bucket|store|backend|version|env|public|pub|stdin|level|interval|hasher|days|"
    r"hours|minutes|seconds|prefix|suffix|scope|scopes|size|limit|format|strategy|class|variable)$"
)
PUBLIC_KEYS = r"(?i)public[_.\-]?key|publishable"


@record
class Shape:
    """How a known kind of secret is written; `starts` are the letters that every one of them holds.

    Looking for those letters first is a hundred times faster than the pattern, which is compiled when it is first
    needed.
    """

    kind: str
    starts: tuple[str, ...]
    written: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The whole shape."""
        return re.compile(self.written, re.DOTALL)


KNOWN_SHAPES: tuple[Shape, ...] = (
    Shape(
        "private-key",
        ("PRIVATE KEY",),
        r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    Shape("jwt", ("eyJ",), r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    Shape(
        "github-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})",
    ),
    Shape("gitlab-token", ("glpat-", "glrt-", "gldt-"), r"\bgl(?:pat|rt|dt)-[\w-]{20,}"),
    Shape("aws-key", ("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    Shape("anthropic-key", ("sk-ant-",), r"\bsk-ant-[\w-]{16,}"),
    Shape("openai-key", ("sk-",), r"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}"),
    Shape("stripe-key", ("k_live_", "k_test_", "whsec_"), r"\b(?:[rs]k_(?:live|test)_|whsec_)[A-Za-z0-9]{16,}"),
    Shape("slack-token", ("xox", "xapp-"), r"\b(?:xox[abposr]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,})"),
    Shape(
        "webhook",
        ("hooks.slack.com/", "/api/webhooks/"),
        r"hooks\.slack\.com/(?:services|workflows)/[\w/]{20,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}",
    ),
    Shape("google-key", ("AIza", "GOCSPX-"), r"\b(?:AIza[\w-]{35}|GOCSPX-[\w-]{20,})"),
    Shape("sendgrid-key", ("SG.",), r"\bSG\.[\w-]{16,32}\.[\w-]{16,64}"),
    Shape("twilio-key", ("SK",), r"\bSK[0-9a-f]{32}\b"),
    Shape(
        "package-token",
        ("npm_", "pypi-AgEI", "dckr_pat_"),
        r"\b(?:npm_\w{30,}|pypi-AgEI[\w-]{40,}|dckr_pat_[\w-]{20,})",
    ),
    Shape("digitalocean-token", ("_v1_",), r"\bdo[opr]_v1_[0-9a-f]{60,}"),
    Shape("tailscale-key", ("tskey-",), r"\btskey-[a-z]+-[\w-]{16,}"),
    Shape("huggingface-token", ("hf_",), r"\bhf_[A-Za-z0-9]{30,}"),
    Shape("vault-token", ("hvs.", "hvb."), r"\bhv[sb]\.[\w-]{24,}"),
    Shape("grafana-token", ("glsa_", "glc_"), r"\bgl(?:sa|c)_[\w=+/-]{30,}"),
    Shape("model-key", ("gsk_", "xai-", "nvapi-"), r"\b(?:gsk_|xai-|nvapi-)[\w-]{40,}"),
    Shape("telegram-token", (":AA",), r"\b\d{8,10}:AA[\w-]{32,34}"),
    Shape("azure-key", ("AccountKey=", "SharedAccessKey="), r"\b(?:Account|SharedAccess)Key=[A-Za-z0-9+/=]{40,}"),
    Shape("plex-claim", ("claim-",), r"\bclaim-[\w-]{20}\b"),
    Shape("age-key", ("AGE-SECRET-KEY-1",), r"\bAGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    Shape(
        "password-hash",
        ("$2", "$apr1$", "$argon2", "$5$", "$6$", "$y$"),
        r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{50,}|\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{20,}|"
        r"\$argon2i?d?\$[^\s\"':]{30,}|\$[56y]\$[^\s\"':]{40,}",
    ),
)
_STARTS = [(start, shape) for shape in KNOWN_SHAPES for start in shape.starts]
URL_PASSWORD = lazy(r"://(?<=\w://)[^\s/:@\"'<>]*:([^\s/\"'<>]{3,256})@")

PASSWORD_FLAG = lazy(r"--?[\w\-]*(?:password|passwd|requirepass|passphrase|secret|token)", re.IGNORECASE)

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
    if re.search(HARMLESS_ENDINGS, spaced) or re.search(PUBLIC_KEYS, key):
        return False
    return bool(re.search(KEY_WORDS, spaced) or re.search(GLUED_WORDS, key))


def shapes_in(text: str) -> list[Shape]:
    """The known shapes that a text may hold, by their first letters."""
    return list(dict.fromkeys([shape for start, shape in _STARTS if start in text]))


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
