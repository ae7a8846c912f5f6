"""Secrets inside command lines and longer texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docker_agent.core.secret_text import secrets_in_text, secrets_on_command_line, split_words


def on_line(line: str) -> list[str]:
    return [found.secret for _, found in secrets_on_command_line(split_words(line))]


@pytest.mark.parametrize(
    ("line", "secrets"),
    [
        ("app --password one --token=two", ["one", "two"]),
        ("app --password 'one two'", ["one two"]),
        ("sh -c 'redis-cli -a one ping && mysql -ptwo'", ["one", "two"]),
        ("mysql -pone; app -ptwo", ["one"]),
        ("/usr/bin/mysqladmin ping -p'one'", ["one"]),
        ("curl --user admin:one http://x", ["one"]),
        ("curl -u admin http://x", []),
        ("mc alias set local http://minio:9000 key one", ["one"]),
        ("mc alias set local http://minio:9000 $KEY $SECRET", []),
        ("htpasswd -nb admin one", ["one"]),
        ("htpasswd -bc file admin one", ["one"]),
        ("htpasswd -c file admin", []),
        ("app --password", []),
        ("app --password --verbose", []),
        ("app --password-file one", []),
        ("app --auth none", []),
    ],
)
def test_command_lines(line: str, secrets: list[str]) -> None:
    assert on_line(line) == secrets


def test_the_number_of_the_word_is_told() -> None:
    words = ["redis-server", "--requirepass", "one", "--masterauth=two"]
    assert [(place, found.secret) for place, found in secrets_on_command_line(words)] == [(2, "one"), (3, "two")]


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("password: one\ntoken: two\n", ["one", "two"]),
        ("  - password: 'one two'\n", ["one two"]),
        ('{"password": "one", "token": "two"}', ["one", "two"]),
        ("a=1;password=one;b=2", ["one"]),
        ("password = one\npassword = one\n", ["one"]),
        ("# password: one\n// token=two\n", []),
        ("The password: one is set.\n", []),
        ("password: it is set later\n", []),
        ("password_file: one\n", []),
        ("requirepass one\n", ["one"]),
        ("CREATE USER a IDENTIFIED BY 'one';", ["one"]),
        ("echo root:one | chpasswd", ["one"]),
        ("x-api-key: a1B2c3D4e5F6g7H8i9J0", ["a1B2c3D4e5F6g7H8i9J0"]),
        ("a redis://:one@x and amqp://b:two@y", ["one", "two"]),
        ("nothing to see", []),
    ],
)
def test_texts(text: str, secrets: list[str]) -> None:
    assert [found.secret for found in secrets_in_text(text)] == secrets


def test_a_text_full_of_secrets_is_not_listed_without_end() -> None:
    assert len(list(secrets_in_text("\n".join(f"password: one{n}" for n in range(500))))) == 100


@given(st.text(alphabet="ab-=:'\"\\ ;&|\n@/$pPmysql{}", max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    assert all(found.secret for found in secrets_in_text(f"password={text}"))
    assert all(found.secret for _, found in secrets_on_command_line(split_words(text)))
