"""`docker-agent check --hadolint`, with a program of that name that says one thing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.surfaces.conftest import Line

SCRIPT = """#!/bin/sh
printf '[{"file":"%s","line":2,"column":1,"level":"warning","code":"DL3008","message":"Pin it"}]' "$5"
"""


def built(line: Line) -> None:
    line.write("compose.yaml", "services:\n  app:\n    build: .\n")
    line.write("Dockerfile", "FROM a:1\nRUN apt-get install -y b\n")


def test_hadolint_is_asked_only_where_it_is_wanted(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(line)
    program = tmp_path / "hadolint"
    program.write_text(SCRIPT)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    said = [finding["code"] for finding in line("check", "--hadolint", "--json").json["findings"]]
    assert "hadolint_dl3008" in said
    assert "hadolint_dl3008" not in line("check").out


def test_where_it_is_not_installed_that_is_told(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    built(line)
    monkeypatch.setenv("PATH", "/nowhere")
    assert any("hadolint" in gap for gap in line("check", "--hadolint", "--json").json["not_looked_at"])
