"""What the model and the fixes say, held against what Docker Compose itself says of the same files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.lab import fixtures

from docker_agent.core.finding import Severity
from docker_agent.core.plan import Write
from docker_agent.domains.compose.check import CheckReport, check
from docker_agent.domains.compose.fix import fix
from docker_agent.host.engine import connect
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.stack import compose_options, find_stack
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

HEALTHY = Path(__file__).parents[2] / "examples" / "healthy"

BASE = """
name: dalab-compose
services:
  web:
    image: a:${TAG:-1}
    command: run --it 'all at once'
    environment: [A=1, B=2, "C=$$x"]
    labels: {l: 1}
    ports: ["80:80", "127.0.0.1:8000-8002:90-92", "[::1]:53:53/udp"]
    volumes: ["./a:/data", "./b:/other:ro", "data:/named"]
    networks: [one]
    depends_on: [db]
    healthcheck: {test: curl x, interval: 1m30s}
    mem_limit: 1.5g
    user: keep
    stop_grace_period: 90s
  db: {image: d, privileged: true, cpus: 1}
networks: {one: , two: }
volumes: {data: }
"""
UPPER = """
services:
  web:
    command: [three, "$$HOME"]
    environment: {B: 3, D: true}
    labels: [m=2]
    ports: ["80:80", "81:81"]
    volumes: ["./c:/data"]
    networks: {two: {aliases: [x]}}
    depends_on: {q: {condition: service_started}}
    user: !reset null
    cpus: "0.5"
  q: {image: q}
"""


def workspace(root: Path) -> Workspace:
    return Workspace(host=connect(fixtures.engine_environment()).reads, root=root, context=ProjectContext())


def checked(root: Path) -> CheckReport:
    report = check.function(workspace(root))
    assert "docker compose config" in report.looked_at
    return report


def put_files(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        (root / f"{name.replace('_', '.')}.yml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", ["jobs", "lab-web", "shop"])
def test_compose_accepts_the_healthy_examples(name: str, tmp_path: Path) -> None:
    root = Path(shutil.copytree(HEALTHY / name, tmp_path / "dalab-compose"))
    assert [finding.code for finding in checked(root).findings if finding.severity is not Severity.INFO] == []


def test_the_model_says_what_compose_says(tmp_path: Path) -> None:
    put_files(tmp_path, compose=BASE, compose_override=UPPER)
    ws = workspace(tmp_path)
    stack = find_stack(tmp_path, environment={})
    assert stack is not None
    ran = ws.host.compose((*compose_options(stack), "config", "--format", "json"), cwd=tmp_path)
    assert ran.code == 0, ran.err
    said: dict[str, Any] = json.loads(ran.out)
    web, ours = said["services"]["web"], stack.model.services["web"]
    assert list(said["services"]) == sorted(stack.model.services)
    assert web["image"] == ours.image
    assert [word.replace("$$", "$") for word in web["command"]] == list(ours.command or ())
    assert {key: value.replace("$$", "$") for key, value in web["environment"].items()} == ours.environment
    assert web["labels"] == ours.labels
    ports = {
        (port.host_ip, str(port.first + step), port.target + step, port.protocol)
        for port in ours.ports
        for step in range(port.target_last - port.target + 1)
    }
    assert {(p.get("host_ip", ""), p["published"], p["target"], p["protocol"]) for p in web["ports"]} == ports
    mounts = {(mount.kind, mount.target, mount.read_only) for mount in ours.mounts}
    assert {(m["type"], m["target"], m.get("read_only", False)) for m in web["volumes"]} == mounts
    assert set(web["networks"]) == set(ours.networks)
    assert set(web["depends_on"]) == {dependency.service for dependency in ours.depends_on}
    assert (web["healthcheck"]["interval"], web["stop_grace_period"]) == ("1m30s", "1m30s")
    assert ours.healthcheck is not None
    assert (ours.healthcheck.interval_s, ours.stop_grace_period_s) == (90.0, 90.0)
    assert tuple(web["healthcheck"]["test"]) == ours.healthcheck.test
    assert int(web["mem_limit"]) == ours.memory
    assert web["cpus"] == ours.cpus
    assert ("user" in web, ours.user) == (False, "")


def test_compose_accepts_what_fix_writes(tmp_path: Path) -> None:
    put_files(tmp_path, compose=BASE, compose_override=UPPER)
    plan = fix.function(workspace(tmp_path), [], "", True)
    assert "db: privileged_mode" in plan.findings
    for step in plan.steps:
        assert isinstance(step, Write)
        (tmp_path / step.path).write_text(step.content, encoding="utf-8")
    codes = {finding.code for finding in checked(tmp_path).findings}
    assert not codes & {"compose_config", "privileged_mode", "memory_limit", "restart_missing", "log_rotation_missing"}


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: x, networks: [nowhere]}}",
        "services: {web: {image: x, env_file: gone.env}}",
        "services: {web: {image: x, cpus: 1, deploy: {resources: {limits: {memory: 1g}}}}}",
        "services: {web: {image: x, depends_on: [web]}}",
    ],
)
def test_what_compose_refuses_is_found(text: str, tmp_path: Path) -> None:
    put_files(tmp_path, compose=f"name: dalab-compose\n{text}\n")
    (finding,) = [finding for finding in checked(tmp_path).findings if finding.code == "compose_config"]
    assert finding.message
