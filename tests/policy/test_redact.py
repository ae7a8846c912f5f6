"""Redaction: a known secret survives in no form, and harmless text stays as it is."""

from __future__ import annotations

import base64
import json
import shlex
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from docker_agent.core.errors import InputError
from docker_agent.policy.redact import MASK, Redactor

SECRET = "q7Zr/2Lx+9'V\"b&4 $T<n8K>é"
MASKED = "<secret:DB_PASSWORD>"

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda value: json.dumps(value)[1:-1],
    "json as it is": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "json as Go writes it": lambda value: (
        json.dumps(value, ensure_ascii=False)[1:-1]
        .replace("<", r"\u003c")
        .replace(">", r"\u003e")
        .replace("&", r"\u0026")
    ),
    "url": lambda value: quote(value, safe=""),
    "url form": quote_plus,
    "url as JavaScript writes it": lambda value: quote(value, safe="!*'()~"),
    "shell": shlex.quote,
    "compose": lambda value: value.replace("$", "$$"),
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64 inside, first": lambda value: base64.b64encode(b"abc" + value.encode() + b"xyz").decode(),
    "base64 inside, second": lambda value: base64.b64encode(b"user:" + value.encode() + b"!").decode(),
    "base64 inside, third": lambda value: base64.b64encode(b"u:ab" + value.encode() + b"!!").decode(),
    "base64 at the end": lambda value: base64.b64encode(b"admin:" + value.encode()).decode().rstrip("="),
}

HARMLESS = """
2026-11-23T10:00:00.123Z web-1  | 10.0.0.1 - - "GET /api/token?page=2 HTTP/1.1" 200 512 "-" "curl/8.0"
FATAL:  password authentication failed for user "shop"
pq: password authentication failed for user "postgres" (28P01)
Access denied for user 'root'@'172.18.0.3' (using password: YES)
ERROR 1045 (28000): Access denied for user 'shop'@'%' (using password: NO)
NOAUTH Authentication required.
WRONGPASS invalid username-password pair or user is disabled.
WARNING! Using --password via the CLI is insecure. Use --password-stdin.
docker login --username shop --password-stdin registry.example.com
Error: Database is uninitialized and superuser password is not specified.
You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.
The "DB_PASSWORD" variable is not set. Defaulting to a blank string.
required variable DB_PASSWORD is missing a value: set it in .env
DB_PASSWORD: ${DB_PASSWORD:?set it in .env}
POSTGRES_PASSWORD_FILE: /run/secrets/db_password
POSTGRES_PASSWORD_FILE=/run/secrets/db_password
SECRET_NAME=shop-db-credentials
TOKEN_ENDPOINT=https://login.example.com/oauth2/token
PASSWORD_HASH_ALGO: argon2id-default
VAULT_SECRET_PATH=kv/data/shop/production
token: expired
invalid token: unexpected character at line 3
secret: rotation scheduled
password: required
Bearer authentication is required
WWW-Authenticate: Basic realm="registry"
unauthorized: authentication required
Basic authentication failed for registry.example.com
toomanyrequests: You have reached your unauthenticated pull rate limit.
Container shop-web-1  Started
dependency failed to start: container shop-db-1 is unhealthy
Error response from daemon: driver failed programming external connectivity on endpoint shop-web-1 (2f0c1d9a7b1e)
exec /docker-entrypoint.sh: no such file or directory
nginx: [emerg] host not found in upstream "api" in /etc/nginx/conf.d/default.conf:12
level=error msg="failed to solve: process \\"/bin/sh -c npm ci\\" did not complete successfully: exit code: 1"
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
image: postgres:16.4-bookworm@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
key=value keys: 12 primary_key: id monkey: banana keyboard=mechanical
"Key": "com.docker.compose.project", "Value": "shop-production"
author=Someone-Important authority: certificate
compose.yml:12:5 secrets_in_env: POSTGRES_PASSWORD is written in the file; put it into .env or a secret
service web: the environment key API_KEY holds a literal value
docker build --secret id=npm_token,src=./npm_token .
redis://cache:6379/0 postgres://shop@db:5432/shop http://user@host:80/
postgres://shop:${DB_PASSWORD}@db:5432/shop
postgres://shop:<secret:DB_PASSWORD>@db:5432/shop
DB_PASSWORD=<secret:DB_PASSWORD>
max_tokens: 100000 token_count=123456
session_key_prefix=shop-session pass: 12 failed: 0
traefik.http.middlewares.auth.basicauth.usersfile=/etc/traefik/users
eyJ is how tokens start and AKIA is how keys of AWS start, sk- is a prefix and xoxb too
""".strip().splitlines()

COMPOSE = """\
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/db_password
    secrets: [db_password]
    secrets_long:
      - source: db_password
secrets:
  db_password:
    file: ./secrets/db.txt
  token:
    external: true
"""


@pytest.fixture
def redactor() -> Redactor:
    return Redactor({"DB_PASSWORD": SECRET})


@pytest.mark.parametrize("form", FORMS, ids=lambda name: name.replace(" ", "_"))
def test_a_known_secret_is_masked_in_every_form(redactor: Redactor, form: str) -> None:
    written = FORMS[form](SECRET)
    masked = redactor.text(f"before {written} after")

    assert MASKED in masked
    assert written not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@pytest.mark.parametrize("line", HARMLESS)
def test_a_harmless_line_stays_as_it_is(redactor: Redactor, line: str) -> None:
    assert redactor.text(line) == line


def test_a_compose_file_without_secrets_stays_as_it_is(redactor: Redactor) -> None:
    assert redactor.text(COMPOSE) == COMPOSE


@pytest.mark.parametrize(
    ("line", "leaks"),
    [
        ("DB_PASSWORD=unk-nown7", "unk-nown7"),
        ("password: hunter22", "hunter22"),
        ("password: swordfish", "swordfish"),
        ('{"client_secret": "not-seen-before"}', "not-seen-before"),
        ('{\\"apiKey\\": \\"not-seen-before\\"}', "not-seen-before"),
        ("db.password = not-seen-before", "not-seen-before"),
        ("--password not-seen-before", "not-seen-before"),
        ("redis-server --requirepass not-seen-before", "not-seen-before"),
        ("mysql --password=not-seen-before", "not-seen-before"),
        ("Authorization: Bearer abc123def456ghi", "abc123def456ghi"),
        ("authorization: bearer abc123def456ghi", "abc123def456ghi"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
        ("postgres://shop:not-seen@db/shop", "not-seen"),
        ("redis://:not-seen@cache:6379", "not-seen"),
        ("pushed with ghp_" + "a1B2c3D4e5" * 4, "a1B2c3D4e5"),
        ("key AKIA" + "IOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKC\n-----END PRIVATE KEY-----", "MIIEowIBAAKC"),
        ("POSTGRES_PASSWORD=postgres", "=postgres"),
        ("password=/abc+def/ghi==", "/abc+def/ghi=="),
    ],
)
def test_an_unknown_secret_is_masked_by_its_key_or_shape(line: str, leaks: str) -> None:
    redactor = Redactor()
    masked = redactor.text(line)

    assert leaks not in masked
    assert MASK.search(masked)
    assert redactor.resolve(masked) == line


def test_masking_twice_changes_nothing(redactor: Redactor) -> None:
    text = "\n".join([*HARMLESS, SECRET, "password=unk-nown7", "redis://:not-seen@cache", *map(str, FORMS)])
    once = redactor.text(text)

    assert redactor.text(once) == once


def test_the_longest_secret_is_masked_first() -> None:
    redactor = Redactor({"SHORT": "swordfish", "LONG": "swordfish-and-chips"})

    assert redactor.text("swordfish-and-chips swordfish") == "<secret:LONG> <secret:SHORT>"


def test_a_secret_in_the_name_of_a_mask_makes_no_nested_mask() -> None:
    redactor = Redactor({"DB_PASSWORD": "hunter-22", "OTHER": "PASSWORD", "THIRD": "secret:DB"})
    masked = redactor.text("hunter-22 PASSWORD secret:DB")

    assert "<secret:<" not in masked
    assert redactor.text(masked) == masked
    assert redactor.text("<secret:DB_PASSWORD>") == MASKED


def test_the_same_value_has_the_same_name() -> None:
    redactor = Redactor({"A": "one-value-7", "B": "one-value-7"})

    assert redactor.text("one-value-7") == "<secret:A>"
    redactor.learn({"C": "one-value-7"})
    assert redactor.text("one-value-7") == "<secret:A>"


@pytest.mark.parametrize("name", ["PASSWORD", "a b", "with<angle>", "ключ", "", "x" * 200, "a\nb", "secret:x"])
def test_two_values_of_one_name_get_two_masks_that_resolve(name: str) -> None:
    redactor = Redactor({name: "first-value-1"})
    redactor.learn({name: "second-value-2"})
    redactor.learn({name: "third-value-3"})
    text = "first-value-1, second-value-2, third-value-3"
    masked = redactor.text(text)

    assert len(set(MASK.findall(masked))) == 3
    assert redactor.resolve(masked) == text


def test_a_value_found_by_its_key_keeps_its_name_for_the_session() -> None:
    redactor = Redactor()

    assert redactor.text("password=unk-nown7") == redactor.text("password=unk-nown7")
    assert redactor.text("password=unk-nown7") != redactor.text("password=an-other8")


@pytest.mark.parametrize("value", ["", "short", "     ", "postgres", "Password", "production", "true", "  \n "])
def test_short_values_and_plain_words_are_not_learnt(value: str) -> None:
    text = f"the word {value} stays"

    assert Redactor({"A": value}).text(text) == text


def test_a_value_is_learnt_without_the_white_space_around_it() -> None:
    assert Redactor({"A": "  hunter-22\n"}).text("x hunter-22 y") == "x <secret:A> y"


def test_each_line_of_a_key_is_masked() -> None:
    lines = ["MIIEowIBAAKCAQEA0Z3VS5JJ", "cdmT4iMJQ5jJxzdf8Zk2u8Xq"]
    redactor = Redactor({"TLS_KEY": "-----BEGIN KEY-----\n" + "\n".join(lines) + "\n-----END KEY-----"})

    assert all(line not in redactor.text(f"log: {line}") for line in lines)


def test_masks_resolve_to_their_values(redactor: Redactor) -> None:
    assert redactor.resolve(f"a {MASKED} b {MASKED}") == f"a {SECRET} b {SECRET}"
    assert redactor.resolve("no mask <secret> <b>") == "no mask <secret> <b>"


@pytest.mark.parametrize("mask", ["<secret:NOSUCH>", "<secret:db_password>", "<secret:DB_PASSWORD_2>"])
def test_an_unknown_mask_is_refused_with_the_known_names(redactor: Redactor, mask: str) -> None:
    with pytest.raises(InputError, match=r"No secret is known as .* Known: DB_PASSWORD\."):
        redactor.resolve(f"password: {mask}")


def test_plain_data_is_masked_value_by_value(redactor: Redactor) -> None:
    data = {
        "log": [f"uses {SECRET}", {"deep": (SECRET, 5, None, True, 1.5)}],
        "password": "under-a-key",
        "secret_name": "shop-db",
        "api_key": "${API_KEY}",
        "token": "expired",
        "auth": {"nested": "words stay"},
        "passwords": 3,
    }
    masked = redactor.data(data)

    assert masked["log"] == [f"uses {MASKED}", {"deep": [MASKED, 5, None, True, 1.5]}]
    assert MASK.fullmatch(masked["password"])
    assert [masked[key] for key in ("secret_name", "api_key", "auth", "passwords")] == [
        "shop-db",
        "${API_KEY}",
        {"nested": "words stay"},
        3,
    ]
    assert redactor.data(masked) == masked


@pytest.mark.parametrize(
    "value", ["\ud800half-7", "\udcffescaped", "nul\x00inside", "'''''''", '""""""', "$$$$$$", "((((((("]
)
def test_odd_values_are_masked_like_any_other(value: str) -> None:
    masked = Redactor({"ODD": value}).text(f"[{value}]")

    assert masked == "[<secret:ODD>]"


SECRETS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cs", "Cc"]), min_size=6, max_size=40
)
AROUND = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=300, deadline=None)
@given(secret=SECRETS, before=AROUND, after=AROUND, form=st.sampled_from(sorted(FORMS)))
def test_no_secret_survives_in_any_form_in_any_text(secret: str, before: str, after: str, form: str) -> None:
    assume(secret == secret.strip())
    redactor = Redactor({"S": secret})
    assume(redactor.text(secret) == "<secret:S>" and secret not in "<secret:S>")
    written = FORMS[form](secret)
    core = written if "inside" not in form and "at the end" not in form else written[4:-4]
    masked = redactor.text(f"{before} {written} {after}")

    assert core not in masked or core in before or core in after or core in "<secret:S>"
    assert redactor.text(masked) == masked


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(exclude_characters="=:<", exclude_categories=["Cs"]), max_size=200))
def test_text_without_secrets_is_unchanged(text: str) -> None:
    assume(not any(word in text for word in ("earer", "asic", "pass", "token", "secret", "PRIVATE KEY")))

    assert Redactor({"A": "Zq7-never-there-Zq7"}).text(text) == text


@settings(max_examples=200, deadline=None)
@given(secrets=st.dictionaries(st.text(min_size=1, max_size=8), SECRETS, max_size=6))
def test_many_secrets_resolve_back_to_themselves(secrets: dict[str, str]) -> None:
    redactor = Redactor(secrets)
    text = " | ".join(secrets.values())

    assert redactor.resolve(redactor.text(text)) == text


def test_a_value_that_is_another_ones_escaped_form_keeps_its_own_name() -> None:
    redactor = Redactor({"ONE": "$abcdef", "TWO": "$$abcdef"})

    assert redactor.text("$$abcdef $abcdef") == "<secret:TWO> <secret:ONE>"


def test_a_megabyte_with_fifty_secrets_is_quick() -> None:
    redactor = Redactor({f"S{number}": f"value-{number:04}-Zq7" for number in range(50)})
    line = '2026-11-23T10:00:00Z web-1 | 10.0.0.1 "GET /api?page=2&size=50 HTTP/1.1" 200 level=info duration=12ms\n'
    text = line * (1_000_000 // len(line))
    began = time.process_time()
    redactor.text(text)

    assert time.process_time() - began < 1.0


HOSTILE = [
    "-" * 200_000,
    "--" + "a-" * 100_000,
    "a" * 200_000,
    "a." * 100_000,
    "a=" * 100_000,
    "password" * 25_000,
    "password=" * 25_000,
    "://" * 70_000,
    "://a:" * 40_000,
    "Bearer " * 30_000,
    "-----BEGIN PRIVATE KEY-----" * 2_000,
    "eyJ" * 70_000,
    "eyJaaaaaaaaa." * 15_000,
    "sk-" * 70_000,
    "<secret:" * 25_000,
    '\\"' * 70_000,
    " " * 200_000 + "=",
    "token:" + " " * 200_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12].strip() or "blank")
def test_hostile_text_cannot_hang_it(text: str) -> None:
    redactor = Redactor({"A": SECRET})
    began = time.process_time()
    redactor.text(text)

    assert time.process_time() - began < 2.0


def test_the_password_of_a_known_url_is_masked_alone_too() -> None:
    redactor = Redactor({"DATABASE_URL": "postgres://shop:inside-url-9@db/shop"})

    assert "inside-url-9" not in redactor.text("connecting with inside-url-9")
    assert "inside-url-9" not in redactor.text("postgres://shop:inside-url-9@db/shop")


def test_many_threads_give_one_name_to_one_value() -> None:
    redactor = Redactor()
    lines = [f"password=value-{number % 20}-x7" for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        masked = list(pool.map(redactor.text, lines))

    assert len(set(masked)) == 20
    assert [redactor.resolve(line) for line in masked] == lines
