"""What looks like a secret: half of the table are traps."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.secret import entropy, is_random, is_reference, key_looks_secret, value_looks_secret

TABLE = (Path(__file__).parent / "keys.tsv").read_text().splitlines()
SECRET_KEYS = [line.split("\t")[1] for line in TABLE if line.startswith("secret\t")]
HARMLESS_KEYS = [line.split("\t")[1] for line in TABLE if line.startswith("plain\t")]

SECRET_VALUES = [
    "ghp_" + "a1B2c3D4e5" * 4,
    "github_pat_" + "A1b2C3d4E5" * 4,
    "glpat-" + "aB3dE6gH9jK2mN5pQ8sT",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "sk-ant-" + "api03-aB3dE6gH9jK2mN5p",
    "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sTaB3dE6gH9jK2mN5p",
    "sk_live_" + "aB3dE6gH9jK2mN5pQ8sT",
    "xoxb-" + "123456789012-abcdefghij",
    "AIza" + "SyA-1234567890abcdefghijklmnopqrstu",
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "dBjftJeZ4CVP-mB92K27uhb",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEow",
    "postgres://shop:h0nest@db:5432/shop",
    "redis://:s3cr3t@cache:6379/0",
    "amqp://guest:gu-est@mq:5672/%2f",
    "mongodb+srv://app:pa55word@cluster0.example.net/shop",
    "q7Zr2Lx9Vb4Tn8Ks",
    "9f86d081884c7d659a2feaa0c55ad015",
    "kJ8#mQ2$vN5!xR7^zT9&",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
]

HARMLESS_VALUES = [
    "",
    "changeme",
    "production",
    "postgres",
    "postgres://db:5432/shop",
    "postgres://shop@db:5432/shop",
    "postgres://shop:${DB_PASSWORD}@db:5432/shop",
    "redis://:$REDIS_PASSWORD@cache:6379",
    "http://localhost:8080/health",
    "https://example.com/a/very/long/path/that/is/no/secret?x=1",
    "/var/lib/postgresql/data/pgdata",
    "./config/nginx.conf",
    "~/.ssh/known_hosts_2",
    "registry.example.com",
    "api.internal.example.com",
    "2026-11-23T10:00:00",
    "192.168.100.200",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "nginx:1.27-alpine",
    "ghcr.io/example/shop-api:2.14.3",
    "docker.io/library/postgres:16.4-bookworm",
    "the quick brown fox jumps over 13 lazy dogs",
    "max-connections-per-client",
    "US/Eastern",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "00000000000000000000000000000000",
    "--max-old-space-size=4096",
    "-Xmx512m",
    "com.docker.compose.project",
    "application/json;charset=utf-8",
    "1234567890123456789",
    "eyJhbGci",
    "sk-short",
    "AKIAnot",
    "${POSTGRES_PASSWORD}",
    "/run/secrets/db_password",
]


def test_the_table_is_whole() -> None:
    assert len(TABLE) == len(SECRET_KEYS) + len(HARMLESS_KEYS) == len(set(TABLE))
    assert min(len(SECRET_KEYS), len(HARMLESS_KEYS)) >= 60


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_key_for_a_secret(key: str) -> None:
    assert key_looks_secret(key)


@pytest.mark.parametrize("key", HARMLESS_KEYS)
def test_a_key_that_only_sounds_like_one(key: str) -> None:
    assert not key_looks_secret(key)


@pytest.mark.parametrize("value", SECRET_VALUES)
def test_a_value_that_is_a_secret_under_any_key(value: str) -> None:
    assert value_looks_secret(value)


@pytest.mark.parametrize("value", HARMLESS_VALUES)
def test_a_value_that_is_none(value: str) -> None:
    assert not value_looks_secret(value)


@pytest.mark.parametrize(
    "value",
    ["$VAR", "${VAR}", "${VAR:-x}", "<secret:A>", "{{ .Env.A }}", "/run/secrets/a", "***", " ${A} ", "{{\n x }}"],
)
def test_a_reference(value: str) -> None:
    assert is_reference(value)


@pytest.mark.parametrize("value", ["", "$", "plain", "a${VAR}", "${A}${B}x", "/etc/passwd", "<a><b>", "* *", "$ VAR"])
def test_no_reference(value: str) -> None:
    assert not is_reference(value)


def test_entropy_counts_bits_a_character() -> None:
    assert [entropy(value) for value in ("", "aaaa", "abab", "abcd")] == [0.0, 0.0, 1.0, 2.0]


def test_one_word_of_fifteen_characters_is_not_random() -> None:
    assert (is_random("q7Zr2Lx9Vb4Tn8K"), is_random("q7Zr2Lx9Vb4Tn8Ks")) == (False, True)
