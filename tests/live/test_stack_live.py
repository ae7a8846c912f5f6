"""The stack tools on a real engine: start, look, restart, stop; nothing but the own project is touched."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.lab import fixtures, images

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.domains.stack.down import down
from docker_agent.domains.stack.events import events
from docker_agent.domains.stack.inspect import inspect
from docker_agent.domains.stack.list import list as list_tool
from docker_agent.domains.stack.logs import logs
from docker_agent.domains.stack.restart import restart
from docker_agent.domains.stack.top import top
from docker_agent.domains.stack.up import up
from docker_agent.host.apply import Application, Applied
from docker_agent.host.engine import connect
from docker_agent.host.host import Host
from docker_agent.host.journal import Journal
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-stack"
COMPOSE = """\
name: dalab-stack
services:
  web:
    image: docker-agent-lab/busybox:1
    command: ["sh", "-c", "echo started; echo careful >&2; exec httpd -f -p 8080"]
    init: true
    environment: {TOKEN: example-only-token}
    healthcheck: {test: ["CMD", "nc", "-w", "1", "127.0.0.1", "8080"], interval: 1s}
    depends_on: [db]
  db:
    image: docker-agent-lab/busybox:1
    command: ["sleep", "600"]
    init: true
    volumes: ["data:/data"]
volumes:
  data:
"""


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    """Run docker with the environment of the lab's engine."""
    argv = ("docker", *words)
    environment = {**os.environ, **fixtures.engine_environment()}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def host() -> Host:
    """The lab's engine."""
    images.ensure_image("busybox")
    return connect({**os.environ, **fixtures.engine_environment()})


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory, host: Host) -> Iterator[Workspace]:
    """A project of its own, removed afterwards."""
    root = tmp_path_factory.mktemp("stack")
    (root / "compose.yaml").write_text(COMPOSE)
    yield Workspace(host=host.reads, root=root, context=ProjectContext(), project=PROJECT)
    docker("compose", "-p", PROJECT, "down", "--volumes", "-t", "0")


def carry_out(ws: Workspace, host: Host, plan: Plan) -> Applied:
    """Apply a plan as the door would after a yes."""
    application = Application(
        plan=plan,
        host=host,
        journal=Journal(ws.root / "journal"),
        root=ws.root,
        resolve=lambda text: text,
        tell=lambda _line: None,
    )
    return application.run(by="test")


def test_a_stack_is_started_looked_at_restarted_and_stopped(ws: Workspace, host: Host) -> None:
    applied = carry_out(ws, host, up.function(ws))
    assert (applied.status, applied.verified) == ("applied", True), applied

    rows = {row.service: row for row in list_tool.function(ws).containers}
    assert rows["web"].state == "running"
    assert rows["web"].health == "healthy"
    assert not rows["web"].foreign

    details = inspect.function(ws, "web", "Config")
    assert details.env["TOKEN"] == "<set>"
    assert "example-only-token" not in details.raw

    lines = logs.function(ws, "web", since="10m").lines
    assert any("stdout started" in line for line in lines)
    assert [line.split(" ", 2)[2] for line in logs.function(ws, "web", stream="stderr").lines] == ["stderr careful"]
    assert logs.function(ws, "web", grep="^careful$").lines

    use = top.function(ws, "web")
    assert use.use[0].memory_mib > 0
    assert any("httpd" in process.command for process in use.processes)

    happened = events.function(ws, since="5m")
    assert "start" in [row.action for row in happened.events if row.name == f"{PROJECT}-web-1"]

    before = inspect.function(ws, "web").started_at
    applied = carry_out(ws, host, restart.function(ws, ["web"], grace_s=2))
    assert (applied.status, applied.verified) == ("applied", True), applied
    assert inspect.function(ws, "web").started_at > before

    applied = carry_out(ws, host, down.function(ws))
    assert applied.status == "applied"
    assert list_tool.function(ws).containers == ()
    assert f"{PROJECT}_data" in [volume.name for volume in ws.host.volumes()]
    plan: Plan = down.function(ws, volumes=True)
    assert plan.data == (f"{PROJECT}_data",)
    assert carry_out(ws, host, plan).status == "applied"
    assert f"{PROJECT}_data" not in [volume.name for volume in ws.host.volumes()]


def test_looking_is_quick(ws: Workspace) -> None:
    began = time.monotonic()
    list_tool.function(ws, all_projects=True)
    assert time.monotonic() - began < 5


def test_a_service_that_is_not_there_is_an_error(ws: Workspace) -> None:
    with pytest.raises(InputError):
        logs.function(ws, "nosuch-dalab-stack")


def test_volumes_without_a_name_end_as_the_plan_says(tmp_path: Path, host: Host) -> None:
    project = f"{PROJECT}-anon"
    body = 'image: docker-agent-lab/busybox:1, command: ["sleep", "600"], init: true, volumes: ["/data"]'
    (tmp_path / "compose.yaml").write_text(f"name: {project}\nservices: {{a: {{{body}}}}}\n")
    place = Workspace(host=host.reads, root=tmp_path, context=ProjectContext(), project=project)
    left: list[str] = []
    try:
        assert carry_out(place, host, up.function(place)).status == "applied"
        left.append(host.reads.container(f"{project}-a-1").mounts[0].name)
        assert list_tool.function(place).containers[0].foreign is False
        elsewhere = replace(place, root=tmp_path / "elsewhere")
        assert list_tool.function(elsewhere).containers == ()

        plan: Plan = down.function(place)
        assert (plan.risk, plan.data) == (Risk.CHANGE, ())
        assert left[0] in plan.reason
        assert carry_out(place, host, plan).status == "applied"
        assert left[0] in [volume.name for volume in host.reads.volumes()]

        assert carry_out(place, host, up.function(place)).status == "applied"
        new = host.reads.container(f"{project}-a-1").mounts[0].name
        left.append(new)
        assert new != left[0]
        grave: Plan = down.function(place, volumes=True)
        assert (grave.risk, grave.data) == (Risk.DESTROY, (new,))
        assert carry_out(place, host, grave).status == "applied"
        assert new not in [volume.name for volume in host.reads.volumes()]
    finally:
        docker("compose", "-p", project, "down", "--volumes", "-t", "0")
        docker("volume", "rm", *left)
