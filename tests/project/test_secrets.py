"""Which values of a project are secrets, and that none of them is missed."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.host.files import find_files, read_file
from docker_agent.project.secrets import known_secrets, looks_secret, secrets_in_env
from docker_agent.project.stack import Stack, find_stack

COMPOSE = """\
services:
  web:
    image: nginx:1.27
    environment:
      API_KEY: literal-key-77
      SESSION_SECRET: ${SESSION_SECRET}
      MODE: production-mode
      PASSWORD_FILE: /run/secrets/db_password
    env_file: [web.env]
    build:
      context: .
      args:
        NPM_TOKEN: literal-token-88
    secrets: [db_password]
secrets:
  db_password:
    file: ./secrets/db.txt
  gone:
    file: ./secrets/gone.txt
  outside:
    external: true
"""
DOTENV = """\
# comment
DB_PASSWORD=hunter-22
POSTGRES_PASSWORD=postgres
export SESSION_SECRET='with spaces in it'
ODD_NAME_OF_A_SECRET=zebra-crossing
SHORT=abc
APP_PORT=8080
APP_VERSION=1.2.3-beta
DEBUG=true
DATA_DIR=/srv/data
APP_HOST=db.internal
DATABASE_URL=postgres://shop:inside-url-9@db/shop
REFERENCE=${DB_PASSWORD}
EMPTY=
"""


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def stack_in(root: Path) -> Stack:
    stack = find_stack(root, context_files=(), read=read_file, find=find_files, environment={})
    assert stack is not None
    return stack


def test_every_place_of_a_project_is_looked_at(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "compose.yml": COMPOSE,
            ".env": DOTENV,
            ".env.production": "SMTP_PASSWORD=production-77\n",
            "web.env": "WEB_TOKEN=token-of-web\n",
            "secrets/db.txt": "from-a-file-1\n",
        },
    )
    found = known_secrets(tmp_path, stack_in(tmp_path), read=read_file)

    assert found["DB_PASSWORD"] == "hunter-22"
    assert found["POSTGRES_PASSWORD"] == "postgres"
    assert found["ODD_NAME_OF_A_SECRET"] == "zebra-crossing"
    assert found["SESSION_SECRET"] == "with spaces in it"
    assert found["DATABASE_URL"] == "postgres://shop:inside-url-9@db/shop"
    assert found["SMTP_PASSWORD"] == "production-77"
    assert found["WEB_TOKEN"] == "token-of-web"
    assert found["db_password"] == "from-a-file-1"
    assert found["API_KEY"] == "literal-key-77"
    assert found["NPM_TOKEN"] == "literal-token-88"
    harmless = {"SHORT", "APP_PORT", "APP_VERSION", "DEBUG", "DATA_DIR", "APP_HOST", "EMPTY", "MODE", "PASSWORD_FILE"}
    assert not harmless & set(found)
    assert "gone" not in found


def test_a_key_with_two_values_keeps_both(tmp_path: Path) -> None:
    write(tmp_path, {"compose.yml": COMPOSE, ".env": "API_KEY=another-key-66\n"})

    values = set(known_secrets(tmp_path, stack_in(tmp_path), read=read_file).values())

    assert {"another-key-66", "literal-key-77"} <= values


@pytest.mark.parametrize(
    "broken",
    [
        "this is no assignment\n",
        "OPEN='never closed\n",
        "BAD=${not closed\n",
        b"\xff\xfe\x00 not text\n",
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_broken_line_does_not_hide_the_secrets_on_the_others(
    tmp_path: Path, broken: str | bytes, first: bool
) -> None:
    line = broken if isinstance(broken, bytes) else broken.encode()
    good = b'DB_PASSWORD="hunter-22"\nexport API_TOKEN = token-99\n'
    write(tmp_path, {".env": line + good if first else good + line})

    found = known_secrets(tmp_path, None, read=read_file)

    assert (found["DB_PASSWORD"], found["API_TOKEN"]) == ("hunter-22", "token-99")


def test_a_project_without_anything_has_no_secrets(tmp_path: Path) -> None:
    assert known_secrets(tmp_path, None, read=read_file) == {}


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    write(tmp_path, {".env": DOTENV, ".env.locked": "LOCKED_PASSWORD=locked-77\n"})

    def read(path: Path) -> bytes:
        if path.name == ".env.locked":
            raise InputError("no permission")
        return read_file(path)

    found = known_secrets(tmp_path, None, read=read)

    assert found["DB_PASSWORD"] == "hunter-22"
    assert "LOCKED_PASSWORD" not in found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DB_PASSWORD", "changeme"),
        ("DB_PASSWORD", "postgres"),
        ("TOKEN", "x"),
        ("ANYTHING", "ghp_" + "a1B2c3D4e5" * 4),
        ("DATABASE_URL", "mysql://root:rootpw@db/shop"),
        ("X", "q7Zr2Lx9Vb4Tn8Ks"),
        ("PASSWORD", " padded-value "),
    ],
)
def test_a_literal_secret(key: str, value: str) -> None:
    assert looks_secret(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "   "),
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "$DB_PASSWORD"),
        ("DB_PASSWORD", "/run/secrets/db_password"),
        ("DB_PASSWORD", "<secret:DB_PASSWORD>"),
        ("DB_PASSWORD_FILE", "/etc/db.txt"),
        ("PASSWORD_AUTH", "true"),
        ("AUTH", "no"),
        ("TOKEN_TTL", "3600"),
        ("IMAGE_DIGEST", "9f86d081884c7d659a2feaa0c55ad015"),
        ("GIT_COMMIT", "9f86d081884c7d659a2feaa0c55ad015"),
        ("MODE", "production"),
        ("REDIS_URL", "redis://cache:6379/0"),
    ],
)
def test_what_only_looks_like_one(key: str, value: str) -> None:
    assert not looks_secret(key, value)


def test_secrets_of_a_running_container() -> None:
    env = ["DB_PASSWORD=hunter=22", "PATH=/usr/bin", "TOKEN=short", "NOVALUE", "", "=x", "API_KEY=${LATER}", "EMPTY="]

    assert secrets_in_env(env) == {"DB_PASSWORD": "hunter=22"}


def test_what_is_written_out_in_other_places_of_the_compose_files_is_known(tmp_path: Path) -> None:
    text = """\
services:
  cache:
    image: redis:7.4
    command: redis-server --requirepass command-11
    healthcheck:
      test: [CMD, redis-cli, -a, command-11, ping]
    labels:
      widget.password: label-22
  queue:
    image: redis:7.4
    command: redis-server --requirepass command-33
configs:
  app:
    content: |
      token = config-44
"""
    write(tmp_path, {"compose.yml": text})

    found = known_secrets(tmp_path, stack_in(tmp_path), read=read_file)

    assert found == {
        "requirepass": "command-11",
        "widget.password": "label-22",
        "requirepass_2": "command-33",
        "token": "config-44",
    }
