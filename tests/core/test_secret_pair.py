"""A key and its value weighed together."""

from __future__ import annotations

import pytest

from docker_agent.core.secret_pair import is_pointer, key_kind, looks_generated, secret_by_shape, secret_pair, weight_of


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("DB_PASSWORD", "secret"),
        ("dbPassword", "secret"),
        ("PASSWORD2", "secret"),
        ("RABBITMQ_ERLANG_COOKIE", "secret"),
        ("SECRET_KEY_BASE", "secret"),
        ("WEBPASSWORD", "secret"),
        ("PASSWORD_AGENT", "perhaps"),
        ("NEO4J_AUTH", "paired"),
        ("POSTGRES_PASSWORD_FILE", "random"),
        ("TOKEN_ENDPOINT", "about"),
        ("ALLOW_EMPTY_PASSWORD", "about"),
        ("JWT_PUBLIC_KEY", "random"),
        ("GIT_COMMIT", "random"),
        ("PRIMARY_KEY", "plain"),
        ("COMPASS", "plain"),
        ("PWD", "plain"),
        ("", "plain"),
        ("1", "plain"),
    ],
)
def test_what_a_key_says(key: str, kind: str) -> None:
    assert key_kind(key) == kind


@pytest.mark.parametrize(
    ("value", "weight"),
    [
        ("Tr0ub4dor-and-3", "real"),
        ("123456789012", "real"),
        ("postgres", "default"),
        ("admin123", "default"),
        ("ChangeMe!", "default"),
        ("please-change-this", "default"),
        ("xxxx", "default"),
        ("aaaa", "default"),
        ("<password>", "placeholder"),
        ("your-token", "placeholder"),
        ("put_it_here", "placeholder"),
        ("DB_PASSWORD", "placeholder"),
    ],
)
def test_defaults_and_placeholders(value: str, weight: str) -> None:
    assert weight_of(value, "db_password") == weight


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ('"quoted-1"', "quoted-1"),
        ("${DB:-fallback-1}", "fallback-1"),
        (" spaced-1 ", "spaced-1"),
        ("postgres://a:in-url-1@db/x", "in-url-1"),
    ],
)
def test_the_secret_itself_is_told(value: str, secret: str) -> None:
    found = secret_pair("DB_PASSWORD", value)
    assert found is not None
    assert found.secret == secret
    assert secret not in repr(found)


def test_where_a_variable_is_part_only_a_shape_counts() -> None:
    assert secret_pair("DB_PASSWORD", "prefix-", whole=False) is None
    found = secret_pair("DB_PASSWORD", "redis://:s3cr3t@", whole=False)
    assert found is not None
    assert found.kind == "url"


@pytest.mark.parametrize(
    "value", ["op://a/b", "vault:x#y", "ref+gcpsecrets://a/b", "%A%", "$(cat x)", "***", "!secret a"]
)
def test_a_pointer(value: str) -> None:
    assert is_pointer(value)


@pytest.mark.parametrize("value", ["<password>", "pa$$word", "opsomething", "vaulted"])
def test_no_pointer(value: str) -> None:
    assert not is_pointer(value)


@pytest.mark.parametrize(
    "value",
    [
        "com.example.shop.VeryLongClassName2",
        "0b9fbf5e-23c4-4a1c-9f0e-6a4a0d6c9f11",
        "robot+deploy123@example.com",
        "2fd4e1c67a2d28fc",
        "a1B2" * 200,
        "bG9nZ2luZzoKICBsZXZlbDogaW5mbwogIGZvcm1hdDoganNvbgo=",
    ],
)
def test_long_and_not_generated(value: str) -> None:
    assert not looks_generated(value)


def test_short_texts_have_no_shape() -> None:
    assert secret_by_shape("ghp_") is None
