from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Risk
from docker_agent.domains.compose.effective import Variables, effective_text
from docker_agent.domains.compose.merge_view import merge_view
from docker_agent.host.fake import World
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.compose.nodes import plain_value
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

ROOT = Path("/shop")
BASE = """\
services:
  web:
    image: nginx:${TAG:-1.29}
    user: "1000"
    environment:
      MODE: dev
      HOST: ${HOST}
      PRICE: $$5
    ports: ["80:80"]
    networks: [front]
  db:
    image: postgres:${PG}
    command: |
      sh -c "one
      two"
    volumes:
      - type: volume
        source: data
        target: /data
networks: {front: , back: }
volumes: {data: {}}
"""
UPPER = """\
services:
  web:
    environment:
      MODE: prod
    ports: ["81:81"]
"""


def model(*texts: str, **variables: str) -> ComposeModel:
    files = {ROOT / f"{number}.yml": text.encode() for number, text in enumerate(texts)}
    return load(list(files), read=lambda path: files[path], variables=variables)


def shown(*texts: str, service: str = "", shell: Mapping[str, str] = {}, dotenv: Mapping[str, str] = {}) -> str:
    return effective_text(model(*texts, **{**dotenv, **shell}), Variables(shell, dotenv), service)


def remark(text: str, start: str) -> str:
    (line,) = [line for line in text.splitlines() if line.strip().startswith(start)]
    return line.partition("  # ")[2]


@pytest.mark.parametrize("texts", [(BASE,), (BASE, UPPER)])
def test_the_text_says_the_same_as_the_model(texts: tuple[str, ...]) -> None:
    variables = {"PG": "17.2", "HOST": "x: y # z"}
    data: Any = yaml.safe_load(shown(*texts, shell=variables))
    assert data == plain_value(model(*texts, **variables).root)


def test_each_value_says_its_file_and_line() -> None:
    text = shown(BASE, UPPER)
    assert remark(text, "user:") == "0.yml:4"
    assert remark(text, "- 80:80") == "0.yml:9"
    assert remark(text, "- 81:81") == "1.yml:5"
    assert remark(text, "target:") == "0.yml:19"


def test_what_lies_over_another_file_says_so() -> None:
    assert remark(shown(BASE, UPPER), "MODE:") == "1.yml:4, over 0.yml:6"


def test_variables_say_who_set_them() -> None:
    text = shown(BASE, shell={"HOST": "h"}, dotenv={"PG": "17", "HOST": "other"})  # noqa: S604 - no program is run
    assert remark(text, "HOST:") == "0.yml:7, HOST from the shell"
    assert remark(text, "image: postgres") == "0.yml:12, PG from .env"
    assert remark(text, "image: nginx") == "0.yml:3, TAG by default"
    assert remark(text, "PRICE:") == "0.yml:8"
    assert remark(shown(BASE), "HOST:") == "0.yml:7, HOST is not set"


def test_one_service_comes_with_what_it_uses() -> None:
    data: Any = yaml.safe_load(shown(BASE, service="db"))
    assert list(data["services"]) == ["db"]
    assert data["volumes"] == {"data": {}}
    assert "networks" not in data


def workspace(**files: str) -> Workspace:
    world = World()
    world.files.update({ROOT / name.replace("__", "."): text.encode() for name, text in files.items()})
    return Workspace(host=world.host.reads, root=ROOT, context=ProjectContext())


def test_the_tool_reads_the_stack_with_its_override_and_env_file() -> None:
    ws = workspace(compose__yml=BASE, compose__override__yml=UPPER)
    ws.host.read_file(ROOT / "compose.yml")
    text = merge_view.function(ws, [], "web").text
    assert remark(text, "MODE:") == "compose.override.yml:4, over compose.yml:6"
    assert (merge_view.name, merge_view.risk) == ("compose_merge_view", Risk.READ)


def test_an_unknown_service_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="Did you mean web"):
        merge_view.function(workspace(compose__yml=BASE), [], "wbe")
    with pytest.raises(InputError, match="no compose file"):
        merge_view.function(workspace())


SECRETS = """\
services:
  db:
    image: postgres:17.2
    hostname: abc
    environment:
      POSTGRES_PASSWORD: abc
      API_TOKEN: "12"
      PW_PASSWORD: ${SHORT}
      REQUIRE_AUTH: "true"
      TOKEN_FILE: abc
    command: ["run", "--password", "abd"]
    secrets: [abe]
  other:
    image: postgres:17.2
    environment: ["DB_PASSWORD=${SHORT}", "MODE=abc"]
x-common: {password: abf}
"""


def test_short_secrets_are_masked_where_they_stand_and_nothing_else_is() -> None:
    data: Any = yaml.safe_load(shown(SECRETS, dotenv={"SHORT": "xy"}))
    db, other = data["services"]["db"], data["services"]["other"]
    assert db["environment"] == {
        "POSTGRES_PASSWORD": "<secret:POSTGRES_PASSWORD>",
        "API_TOKEN": "<secret:API_TOKEN>",
        "PW_PASSWORD": "<secret:PW_PASSWORD>",
        "REQUIRE_AUTH": "true",
        "TOKEN_FILE": "abc",
    }
    assert (db["hostname"], db["command"][2], db["secrets"]) == ("abc", "<secret:password>", ["abe"])
    assert other["environment"] == ["DB_PASSWORD=<secret:DB_PASSWORD>", "MODE=abc"]
    assert data["x-common"] == {"password": "<secret:password>"}
