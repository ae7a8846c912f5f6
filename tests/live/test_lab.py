"""The lab gives an engine that runs, heals and forgets what the tests of this project need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab import fixtures, images

ROOT = Path(__file__).parents[2]
PROJECT = "dalab-lab"
COMPOSE = """\
services:
  api:
    image: docker-agent-lab/busybox:1
    command: httpd -f -p 8080
    healthcheck: {test: ["CMD", "nc", "-w", "1", "127.0.0.1", "8080"], interval: 1s}
    stop_grace_period: 0s
  client:
    image: docker-agent-lab/busybox:1
    command: sleep 600
    depends_on: {api: {condition: service_healthy}}
    healthcheck: {test: ["CMD", "nc", "-w", "1", "api", "8080"], interval: 1s}
    stop_grace_period: 0s
    volumes: ["kept:/kept"]
volumes: {kept: {}}
"""

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]


def run(*argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the environment of the engine and keep its output."""
    environment = {**os.environ, **fixtures.engine_environment(), **variables}
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


def leftovers() -> list[str]:
    """List every container, network and volume that belongs to this module's project."""
    mine = f"label=com.docker.compose.project={PROJECT}"
    found: list[str] = []
    for kind in (("ps", "--all"), ("network", "ls"), ("volume", "ls")):
        found += run("docker", *kind, "--quiet", "--filter", mine).stdout.split()
    return found


@pytest.fixture(scope="module")
def busybox() -> str:
    """Give the tag of the smallest image."""
    return images.ensure_image("busybox")


@pytest.fixture
def compose(busybox: str, tmp_path: Path) -> Iterator[list[str]]:
    """Give the start of a compose command for a project that is removed after the test."""
    assert busybox in COMPOSE
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    command = ["docker", "compose", "-p", PROJECT, "-f", str(tmp_path / "compose.yaml")]
    yield command
    run(*command, "down", "--volumes", "--remove-orphans")


def test_engine_answers_and_up_reuses_it() -> None:
    """A second `up` prints the environment of the engine that answers already."""
    again = run(sys.executable, "-m", "tests.lab", "up")
    assert again.returncode == 0
    assert "starting dockerd" not in again.stderr
    printed = dict(line.split("=", 1) for line in again.stdout.splitlines())
    assert run("docker", "info", "--format", "{{.ID}}", **printed).stdout.strip()


def test_run_passes_the_exit_code_on() -> None:
    """The exit code of the command is the exit code of `run`."""
    script = "import os, sys; sys.exit(7 if 'DOCKER_AGENT_LAB_REASON' not in os.environ else 8)"
    command = (sys.executable, "-m", "tests.lab", "run", "--", sys.executable, "-c", script)
    assert run(*command).returncode == 7


def test_busybox_runs_with_a_memory_limit(busybox: str) -> None:
    """A container runs in the lab's image, and the kernel ends what exceeds its memory."""
    once = ("docker", "run", "--rm", "--network=none", "--memory=16m", "--memory-swap=16m")
    assert run(*once, busybox, "echo", "hello").stdout == "hello\n"
    assert run(*once, busybox, "sh", "-c", "exec tail /dev/zero").returncode == 137


def test_images_carry_the_label_and_are_not_made_twice(busybox: str) -> None:
    """An image with the present recipe stays the same image."""
    identity = ("docker", "image", "inspect", "--format", "{{.Id}}", busybox)
    before = run(*identity).stdout
    assert images.ensure_image("busybox") == busybox
    assert run(*identity).stdout == before
    labelled = run("docker", "image", "ls", "--quiet", "--filter", "label=docker-agent.lab=1")
    assert labelled.stdout.strip()


def test_compose_project_gets_healthy_and_leaves_nothing(compose: list[str]) -> None:
    """Two services reach each other by name, get healthy and are removed without a trace."""
    started = run(*compose, "up", "--detach", "--wait", "--wait-timeout", "60")
    assert started.returncode == 0, started.stderr
    states = run(*compose, "ps", "--format", "{{.Service}} {{.Health}}").stdout.split("\n")
    assert sorted(filter(None, states)) == ["api healthy", "client healthy"]
    assert run(*compose, "down", "--volumes").returncode == 0
    assert leftovers() == []
