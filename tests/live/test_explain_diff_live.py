"""What explain-diff says will happen, held against what `docker compose up` then does."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.command_line import Place, make_place
from tests.conftest import remove_project
from tests.lab import fixtures, images

from docker_agent.domains.compose.explain_diff import DiffExplained, explain_diff
from docker_agent.host.engine import connect
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

Up = Callable[[str], dict[str, str]]

SERVICES = """services:
  web: {{image: {image}, command: [sleep, "300"], init: true, stop_grace_period: 1s, labels: {{v: {v}}}{web}}}
  beside: {{image: {image}, command: [sleep, "300"], init: true, network_mode: "service:web"}}
  asking: {{image: {image}, command: [sleep, "300"], init: true, stop_grace_period: 1s, links: [web]}}
  plain: {{image: {image}, command: [sleep, "300"], init: true, stop_grace_period: 1s, depends_on: [web]}}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Place]:
    place = make_place(
        tmp_path / "project", f"dalab-{secrets.token_hex(4)}", tmp_path / "state", fixtures.engine_environment()
    )
    yield place
    remove_project(place)


def up(place: Place, file: str) -> dict[str, tuple[str, str]]:
    """Start by one file; each service's container and the time of its last start."""
    ran = place.docker("compose", "-p", place.project, "-f", file, "up", "-d")
    assert ran.returncode == 0, ran.stderr
    found: dict[str, tuple[str, str]] = {}
    for container in connect(place.environment).reads.containers(place.project):
        found[container.service] = (container.id, str(container.started_at))
    return found


def happened(before: dict[str, tuple[str, str]], after: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {
        name: "none" if old == after[name] else "recreate" if old[0] != after[name][0] else "restart"
        for name, old in before.items()
    }


def said(place: Place) -> DiffExplained:
    ws = Workspace(host=connect(place.environment).reads, root=place.root, context=ProjectContext())
    return explain_diff.function(ws, "a.yml", "b.yml")


def compared(place: Place, before: str, after: str) -> tuple[DiffExplained, dict[str, str]]:
    (place.root / "a.yml").write_text(before, encoding="utf-8")
    (place.root / "b.yml").write_text(after, encoding="utf-8")
    return said(place), happened(up(place, "a.yml"), up(place, "b.yml"))


def test_a_recreated_service_takes_along_who_shares_with_it(stack: Place) -> None:
    image = images.ensure_image("busybox")
    found, real = compared(stack, SERVICES.format(image=image, v=1, web=""), SERVICES.format(image=image, v=2, web=""))
    assert {each.service: each.action for each in found.services} == real
    assert real == {"web": "recreate", "beside": "recreate", "asking": "restart", "plain": "none"}


def test_a_config_is_not_compared_and_other_words_for_the_same_are_none(stack: Place) -> None:
    image = images.ensure_image("busybox")
    one = ", configs: [c], environment: [A=b], volumes: ['data:/data']"
    long = "{type: volume, source: data, target: /data, volume: {}}"
    other = f", configs: [{{source: c}}], environment: {{A: b}}, volumes: [{long}]"
    more = "configs: {{c: {{content: {0}}}}}\nvolumes: {{data: }}\n"
    found, real = compared(
        stack,
        SERVICES.format(image=image, v=1, web=one) + more.format("one"),
        SERVICES.format(image=image, v=1, web=other) + more.format("two"),
    )
    assert set(real.values()) == {"none"}
    assert {each.service: each.action for each in found.services} == real
    assert "web sees only after" in found.secrets_and_configs[0]


def test_a_network_that_changed_restarts_and_a_renamed_volume_recreates(stack: Place) -> None:
    image = images.ensure_image("busybox")
    web = ", volumes: ['data:/data']"
    before = SERVICES.format(image=image, v=1, web=web) + "volumes: {data: }\n"
    found, real = compared(stack, before, before.replace("{data: }", "{data: {name: dalab-renamed-data}}"))
    assert {each.service: each.action for each in found.services} == real
    assert any("in place of the volume" in line for line in found.data_at_risk)
    stack.docker("compose", "-p", stack.project, "-f", "b.yml", "down", "--volumes", "-t", "0")
    options = before + "networks: {default: {labels: {v: a}}}\n"
    found, real = compared(stack, options, options.replace("v: a", "v: b"))
    assert {each.service: each.action for each in found.services} == real
    assert real["plain"] == "restart"
