"""The bundle of the checker's modules: the same answers with it, without it, and when it is not what it should be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import docker_agent

BAD = "services:\n  web:\n    image: web:1\n    networks: [nowhere]\n"
NAME = f"bundle.{sys.implementation.cache_tag}"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with its bundle, made by one check."""
    home = tmp_path_factory.mktemp("installed")
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(docker_agent.__file__).parent, home / "docker_agent", ignore=skipped)
    check(home)
    return home


def check(home: Path, **variables: str) -> str:
    (home / "compose.yml").write_text(BAD)
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    ended = subprocess.run(
        [sys.executable, "-m", "docker_agent", "check", "compose.yml"],
        cwd=home,
        env={**kept, "PYTHONPATH": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    return ended.stdout


def test_a_check_makes_it_and_the_next_says_the_same(package: Path) -> None:
    bundle = package / "docker_agent" / "__pycache__" / NAME
    made = bundle.stat().st_mtime_ns

    assert "undefined_network" in check(package)
    assert bundle.stat().st_mtime_ns == made


def test_a_module_that_changed_makes_it_void(package: Path) -> None:
    module = package / "docker_agent" / "domains" / "compose" / "shared" / "references.py"
    kept = module.read_text()
    module.write_text(kept.replace("which is not declared", "that nobody knows"))
    try:
        assert "that nobody knows" in check(package)
    finally:
        module.write_text(kept)
    assert "which is not declared" in check(package)


@pytest.mark.parametrize("damage", [b"", b"\x00", b"(", b"no bundle"])
def test_damage_is_passed_over(package: Path, damage: bytes) -> None:
    bundle = package / "docker_agent" / "__pycache__" / NAME
    bundle.write_bytes(damage)

    assert "undefined_network" in check(package, PYTHONDONTWRITEBYTECODE="1")
    assert bundle.read_bytes() == damage
    assert "undefined_network" in check(package)
    assert bundle.stat().st_size > 100_000
