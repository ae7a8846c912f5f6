"""Which commands only look: everything else is refused before a program starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docker_agent.core.errors import InputError, ToolMissing
from docker_agent.host.compose_cli import TRIVY_SCAN as SCAN
from docker_agent.host.compose_cli import command_of, compose, only_reads, program

READING = [
    "config",
    "config -q",
    "config --format json --no-interpolate",
    "config --services",
    "config --images",
    "config --hash *",
    "-f compose.yml -f other.yml config --quiet",
    "--file=compose.yml config",
    "-p up config",
    "--project-name down ps -a",
    "--project-directory /srv --env-file .env --profile dev ps",
    "--ansi never --progress plain ps --format json",
    "--parallel 4 ps",
    "--dry-run ps",
    "--compatibility config",
    "ps web",
    "ps --orphans",
    "version --short",
    "version -f json",
    "images",
    "ls -a",
    "top web",
    "port web 80",
]
CHANGING = [
    "",
    "up -d",
    "down -v",
    "restart web",
    "-p config up",
    "--project-name ps down",
    "-f config up -d",
    "--parallel 4 up",
    "--workdir config up -d",
    "--context ps down",
    "-c config up",
    "-H ps up",
    "--unknown config up",
    "-- config",
    "--parallel=4 up",
    "exec web sh",
    "run web sh",
    "cp web:/a b",
    "pull",
    "push",
    "build",
    "create",
    "start",
    "stop",
    "kill",
    "rm -f",
    "pause",
    "unpause",
    "scale web=3",
    "watch",
    "publish x",
    "export web",
    "logs",
    "attach web",
    "alpha viz",
    "config -o out.yml",
    "config -oout.yml",
    "config -o=out.yml",
    "config -qo out.yml",
    "config -qoout.yml",
    "config --output out.yml",
    "config --output=out.yml",
    "CONFIG",
    "config\n",
    "-f",
    "-p",
    "--help",
]


@pytest.mark.parametrize("line", READING)
def test_a_command_that_only_looks(line: str) -> None:
    assert only_reads(line.split(" "))


@pytest.mark.parametrize("line", CHANGING)
def test_any_other_is_refused_before_it_starts(line: str) -> None:
    with pytest.raises(InputError, match="not known to only look"):
        compose(line.split(" ") if line else [], cwd=Path(), timeout_s=1, environment={})


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("up -d", "up"),
        ("-p up down", "down"),
        ("--profile dev --file a.yml up", "up"),
        ("--file=a.yml up", "up"),
        ("--parallel 3 up", "up"),
        ("-p", ""),
        ("", ""),
    ],
)
def test_the_command_is_found_past_the_options(line: str, command: str) -> None:
    assert command_of(line.split()) == command


@pytest.mark.parametrize(
    "argv",
    [
        ("docker", "ps"),
        ("docker", "run", "x"),
        ("docker",),
        ("sh", "-c", "id"),
        ("rm", "-rf", "x"),
        ("nginx", "-s", "stop"),
        ("nginx",),
        ("nvidia-smi", "--gpu-reset"),
        ("nvidia-smi", "-r"),
        ("nvidia-smi", "-pm", "1"),
        ("nvidia-smi", "-q", "-f", "out"),
        ("nvidia-smi", "-q", "--filename=out"),
        ("nvidia-ctk", "cdi", "generate"),
        ("trivy", "server"),
        ("trivy", "image", "web:1"),
        ("trivy", *SCAN),
        ("trivy", *SCAN, "-o", "out"),
        ("trivy", *SCAN, "--output=out"),
        ("caddy", "stop"),
        ("", ""),
    ],
)
def test_a_program_that_does_more_than_look_is_refused(argv: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="not known to only look"):
        program(argv[0], argv[1:], timeout_s=1, environment={})


@pytest.mark.parametrize(
    "argv",
    [
        ("docker", "version"),
        ("docker", "compose", "version"),
        ("hadolint", "Dockerfile"),
        ("trivy", "--version"),
        ("trivy", *SCAN, "web:1"),
        ("nvidia-smi",),
        ("nvidia-smi", "-L"),
        ("nvidia-smi", "-q", "-x"),
        ("nvidia-smi", "--query-gpu=index,name,memory.used", "--format=csv,noheader"),
        ("nvidia-ctk", "cdi", "list"),
        ("nginx", "-t"),
        ("caddy", "validate", "--config", "Caddyfile"),
    ],
)
def test_a_looking_program_is_started(argv: tuple[str, ...]) -> None:
    with pytest.raises(ToolMissing, match=f"^{argv[0]} is not installed"):
        program(argv[0], argv[1:], timeout_s=1, environment={"PATH": "/nonexistent"})


@pytest.mark.parametrize(
    "message", ["docker: 'compose' is not a docker command.", "unknown command: docker compose", "docker: unknown"]
)
def test_a_missing_plugin_is_told_from_a_failing_command(tmp_path: Path, message: str) -> None:
    fake = tmp_path / "docker"
    fake.write_text(f'#!/bin/sh\necho "{message}" >&2\nexit 1\n')
    fake.chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    if "unknown" in message and "command" not in message:
        assert compose(["config"], cwd=tmp_path, timeout_s=5, environment=environment).code == 1
    else:
        with pytest.raises(ToolMissing, match="Docker Compose is not installed"):
            compose(["config"], cwd=tmp_path, timeout_s=5, environment=environment)
