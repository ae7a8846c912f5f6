from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from docker_agent.domains.compose.judge import all_rules, judge
from docker_agent.domains.compose.mend import plan_fixes
from docker_agent.domains.compose.severities import Severities
from docker_agent.project.compose.model import ComposeModel, load

FILE = Path("/project/compose.yml")


def model_of(text: str) -> ComposeModel:
    return load([FILE], read=lambda _: text.encode(), variables={})


def fixed(text: str, *codes: str) -> str:
    def reload(written: Mapping[Path, bytes]) -> ComposeModel:
        return load([FILE], read=written.__getitem__, variables={})

    model, rules = model_of(text), [rule for rule in all_rules() if rule.code in codes]
    assert judge(model, Severities(), rules).findings
    return plan_fixes(model, Severities(), rules, reload).files.get("compose.yml", text)


def web(*lines: str, image: str = "app:1") -> str:
    return f"services:\n  web:\n    image: {image}\n" + "".join(f"    {line}\n" for line in lines)


DEPLOY = ("deploy:", "  resources:", "    limits:")


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("cpu_limit", web(), web(*DEPLOY, '      cpus: "1"')),
        ("cpu_limit", web("mem_limit: 1g"), web("mem_limit: 1g", "cpus: 1")),
        ("cpu_limit", web(*DEPLOY, "      pids: 9"), web(*DEPLOY, "      pids: 9", '      cpus: "1"')),
        ("cpu_limit", web("deploy: {resources: {reservations: {cpus: '2'}}}"), ""),
        ("memory_limit", web("mem_reservation: 1g"), ""),
        ("unset_variable", web("command: a ${B} $B '${C}'"), web("command: a ${B:-} ${B:-} '${C:-}'")),
        ("unset_variable", web("command: a ${B:?needed} $B"), ""),
        ("unpinned_image", web() + "  job:\n    image: app  # same\n", web() + "  job:\n    image: app:1  # same\n"),
        ("unpinned_image", web() + "  job: {image: 'app:latest'}\n", web() + "  job: {image: 'app:1'}\n"),
        ("unpinned_image", web() + "  x: {image: 'app:2'}\n  job: {image: app}\n", ""),
        ("unpinned_image", web() + "  job: {image: other/app}\n", ""),
    ],
)
def test_fixes(code: str, before: str, after: str) -> None:
    assert fixed(before, code) == (after or before)
    assert fixed(before.replace("\n", "\r\n"), code) == (after or before).replace("\n", "\r\n")


def test_limits_of_one_service_go_into_one_block() -> None:
    text = fixed(web(), "cpu_limit", "memory_limit")
    assert text == web(*DEPLOY, '      cpus: "1"', "      memory: 512m")


@pytest.mark.parametrize(
    ("image", "tool"),
    [
        ("postgres:17", "pg_isready"),
        ("docker.io/library/postgres:17", "pg_isready"),
        ("pgvector/pgvector:pg17", "pg_isready"),
        ("mariadb:11.4", "mariadb-admin"),
        ("mariadb:10.3", ""),
        ("mongo:8.0", "mongosh"),
        ("mongo:4.4", ""),
        ("mongo", ""),
        ("influxdb:2.7-alpine", "influx ping"),
        ("influxdb:3-core", ""),
        ("traefik:3", ""),
        ("other/postgres:17", ""),
        ("nginx:1.29", ""),
    ],
)
def test_known_images_get_a_check_with_a_tool_that_they_have(image: str, tool: str) -> None:
    text = fixed(web(image=image), "healthcheck_missing")
    assert (tool in text and "healthcheck:" in text) if tool else text == web(image=image)


@pytest.mark.parametrize(
    ("command", "checked"),
    [
        ("[--ping, --api]", True),
        ("--ping=true", True),
        ("[--api]", False),
        ("[--ping, --ping.entryPoint=web]", False),
        ("[--ping, '--entryPoints.traefik.address=:9000']", False),
    ],
)
def test_traefik_is_asked_where_it_answers(command: str, checked: bool) -> None:
    text = fixed(web(f"command: {command}", image="traefik:3"), "healthcheck_missing")
    assert checked == ("        - healthcheck\n        - --ping\n" in text or '- "--ping"' in text)
