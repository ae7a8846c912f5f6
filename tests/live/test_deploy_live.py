"""Deployments on a real engine: in order, back by itself where a new version fails, and back to a record."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.doors import Says, Watch
from tests.lab import fixtures, images

from docker_agent.app import Options, Session, open_session
from docker_agent.dispatch import Outcome
from docker_agent.host.models import Container
from docker_agent.policy.permit import Mode

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-deploy"
COMMON = """\
    init: true
    user: "10001:10001"
    mem_limit: 64m
    cpus: 0.2
    restart: "no"
    stop_grace_period: 1s
    logging: {driver: json-file, options: {max-size: 1m, max-file: "2"}}
"""
COMPOSE = f"""\
name: {PROJECT}
services:
  web:
    image: {PROJECT}-web:${{WEB_TAG}}
{COMMON}\
    depends_on: {{api: {{condition: service_healthy}}}}
    healthcheck: {{test: ["CMD", "nc", "-w", "1", "127.0.0.1", "8080"], interval: 1s, retries: 2}}
  api:
    image: docker-agent-lab/busybox:1
    command: ["httpd", "-f", "-p", "8080"]
{COMMON}\
    depends_on: {{prepare: {{condition: service_completed_successfully}}}}
    healthcheck: {{test: ["CMD", "nc", "-w", "1", "127.0.0.1", "8080"], interval: 1s, retries: 2}}
  prepare:
    image: docker-agent-lab/busybox:1
    command: ["sh", "-c", "sleep 1; echo prepared"]
{COMMON}\
"""


@dataclass
class Place:
    """The stack in a folder of its own, with three versions of its image: the second one is broken."""

    root: Path
    environment: Mapping[str, str]

    def session(self, *overrides: str) -> Session:
        return open_session(
            Options(root=self.root, mode=Mode(yes=True), overrides=frozenset(overrides)),
            screen=Watch(),
            approver=Says(yes=True),
            environment=self.environment,
        )

    def call(self, tool: str, *overrides: str, **arguments: Any) -> Outcome:
        return self.session(*overrides).call(tool, arguments)

    def docker(self, *words: str, check: bool = True) -> str:
        argv = ("docker", *words)
        ran = subprocess.run(argv, env=self.environment, capture_output=True, text=True, check=False)
        assert not check or ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def container(self, service: str) -> Container:
        return self.session().workspace.host.container(f"{PROJECT}-{service}-1")

    def version(self, tag: str, command: str) -> str:
        """Make a version of the image, and answer its id."""
        (self.root / "Dockerfile").write_text(f"FROM docker-agent-lab/busybox:1\nCMD {command}\n")
        self.docker("build", "-q", "-t", f"{PROJECT}-web:{tag}", str(self.root))
        return self.docker("image", "inspect", "-f", "{{.Id}}", f"{PROJECT}-web:{tag}")

    def write(self, tag: str) -> None:
        (self.root / ".env").write_text(f"WEB_TAG={tag}\n")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    images.ensure_image("busybox")
    state = {"DOCKER_AGENT_STATE": str(tmp_path / "state")}
    root = tmp_path / "shop"
    root.mkdir()
    (root / "compose.yaml").write_text(COMPOSE)
    found = Place(root.resolve(), {**os.environ, **fixtures.engine_environment(), **state})
    yield found
    found.docker("compose", "-p", PROJECT, "down", "--volumes", "-t", "0", check=False)
    found.docker("rmi", "-f", *(f"{PROJECT}-web:{tag}" for tag in ("1", "2", "3")), check=False)


def test_a_stack_is_deployed_in_order_goes_back_by_itself_and_goes_back_to_a_record(place: Place) -> None:
    first = place.version("1", '["httpd", "-f", "-p", "8080"]')
    broken = place.version("2", '["sh", "-c", "echo cannot start; exit 3"]')
    third = place.version("3", '["sh", "-c", "exec httpd -f -p 8080"]')
    assert len({first, broken, third}) == 3

    place.write("1")
    deployed = place.call("stack_deploy")
    assert (deployed.exit_code, deployed.data["status"], deployed.data["verified"]) == (0, "applied", True), (
        deployed.data
    )
    started = [place.container(name) for name in ("prepare", "api", "web")]
    assert [each.started_at for each in started] == sorted(each.started_at for each in started)
    assert [(each.status, each.exit_code) for each in started] == [("exited", 0), ("running", 0), ("running", 0)]
    assert started[2].image_id == first

    place.write("2")
    failed = place.call("stack_deploy")
    assert failed.exit_code == 1
    assert failed.data["rolled_back"]["status"] == "applied", failed.data
    assert failed.data["rolled_back"]["verified"]
    serving = place.container("web")
    assert (serving.status, serving.health, serving.image_id) == ("running", "healthy", first)
    assert (place.root / ".env").read_text() == "WEB_TAG=1\n"
    assert place.container("api").id == started[1].id

    place.write("3")
    assert place.call("stack_deploy").exit_code == 0
    assert place.container("web").image_id == third

    rows = place.call("stack_deploys").data["deployments"]
    assert [row["result"].partition(",")[0] for row in rows] == ["deployed", "failed", "deployed"]
    back = place.call("stack_rollback", record=rows[-1]["record"])
    assert (back.exit_code, back.data["verified"]) == (0, True), back.data
    assert place.container("web").image_id == first
    assert (place.root / ".env").read_text() == "WEB_TAG=1\n"


def test_a_tag_that_was_moved_leads_back_to_the_old_image_and_a_first_deployment_leaves_nothing(place: Place) -> None:
    first = place.version("1", '["httpd", "-f", "-p", "8080"]')
    place.write("1")
    assert place.call("stack_deploy").exit_code == 0

    second = place.version("1", '["sh", "-c", "exec httpd -f -p 8080"]')
    assert place.call("stack_deploy").exit_code == 0
    assert place.container("web").image_id == second
    back = place.call("stack_rollback")
    assert (back.exit_code, back.data["verified"]) == (0, True), back.data
    assert place.container("web").image_id == first
    assert place.docker("image", "inspect", "-f", "{{.Id}}", f"{PROJECT}-web:1") == first

    place.docker("rmi", second)
    again = place.call("stack_rollback", record=place.call("stack_deploys").data["deployments"][0]["record"])
    assert again.exit_code == 2
    assert "gone" in str(again.error)

    nothing = place.call("stack_rollback")
    assert nothing.exit_code == 0, nothing.data
    assert place.docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={PROJECT}") == ""


def test_an_environment_brings_its_own_files_and_goes_back_to_those_of_before(place: Place) -> None:
    place.version("1", '["httpd", "-f", "-p", "8080"]')
    place.write("1")
    (place.root / "compose.staging.yaml").write_text("services:\n  api:\n    labels: {stage: staging}\n")
    (place.root / ".env.staging").write_text("WEB_TAG=1\n")
    assert place.call("stack_deploy").exit_code == 0
    assert place.call("stack_deploy", environment="staging", migrate=["prepare"]).exit_code == 0
    assert place.container("api").labels.get("stage") == "staging"
    assert place.call("stack_rollback").exit_code == 0
    assert "stage" not in place.container("api").labels


def test_what_ran_once_is_not_run_again_on_the_way_back(place: Place) -> None:
    place.version("1", '["httpd", "-f", "-p", "8080"]')
    place.version("2", '["sh", "-c", "echo cannot start; exit 3"]')
    seed = (
        '  seed:\n    image: docker-agent-lab/busybox:1\n    command: ["sh", "-c", "echo ${WEB_TAG} >> /data/seeded"]\n'
    )
    volumes = '    user: "0:0"\n    volumes: ["seed:/data"]\nvolumes: {seed: {}}\n'
    (place.root / "compose.yaml").write_text(COMPOSE + seed + volumes)
    for tag, code in (("1", 0), ("2", 1)):
        place.write(tag)
        assert place.call("stack_deploy").exit_code == code
    assert place.container("web").status == "running"
    argv = ("run", "--rm", "-v", f"{PROJECT}_seed:/data", "docker-agent-lab/busybox:1", "cat", "/data/seeded")
    assert place.docker(*argv).split() == ["1", "2"]
