"""What is in the wheel, and that it works from where it was unpacked."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None, reason="hatchling is not installed, so no wheel can be built offline"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout without the network."""
    out = tmp_path_factory.mktemp("wheel")
    flags = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(out))
    built = subprocess.run(
        (sys.executable, "-m", "pip", "wheel", *flags, str(ROOT)), capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return next(out.glob("docker_agent-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what an installation of the wheel puts into site-packages."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    return folder


def python(installed: Path, *words: str) -> str:
    """Run Python with the unpacked wheel before everything else; gives what it printed."""
    environment = {
        "PYTHONPATH": str(installed),
        "PATH": "",
        "HOME": str(installed.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        (sys.executable, *words), cwd=installed, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("folder", ["prompts", "ref-docs"])
def test_every_text_is_in_the_wheel(installed: Path, folder: str) -> None:
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.md")}
    package = installed / "docker_agent"
    there = {path.relative_to(package).as_posix() for path in package.rglob("*.md")}
    assert here
    assert here <= there


def test_texts_are_found_where_it_is_installed(installed: Path) -> None:
    script = "from docker_agent.settings import texts; print(texts('prompts'), texts('ref-docs'))"
    inside = installed.resolve() / "docker_agent"
    assert python(installed, "-c", script).split() == [str(inside / "prompts"), str(inside / "ref-docs")]


def test_the_offline_model_finds_its_procedures(installed: Path) -> None:
    script = (
        "from docker_agent.agent.sop import load_sops; from docker_agent.settings import texts;"
        "print(len(load_sops(texts('prompts') / 'sops')))"
    )
    assert int(python(installed, "-c", script)) == len(list((ROOT / "prompts" / "sops").glob("*.md")))


def test_the_commands_run(installed: Path) -> None:
    assert "diagnose_fix" in python(installed, "-m", "docker_agent", "tools")


def test_the_compose_checker_has_its_schema(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {web: {image: web:1.4, imag: web}}\n")
    words = (str(tmp_path / "compose.yml"), "--select", "schema", "--severity", "schema=info")

    assert 'services.web has no "imag"' in python(installed, "-m", "docker_agent", "check", *words)


def test_nothing_but_the_package_is_in_the_wheel(installed: Path) -> None:
    tops = {path.name.partition("-")[0] for path in installed.iterdir()}
    assert tops == {"docker_agent"}
    assert not list(installed.rglob("*.pyc"))


def test_the_command_and_the_licence_come_with_it(installed: Path) -> None:
    info = next(installed.glob("docker_agent-*.dist-info"))
    assert "docker-agent = docker_agent.surfaces.entry:main" in (info / "entry_points.txt").read_text()
    assert list(info.rglob("LICENSE"))
    assert (installed / "docker_agent" / "py.typed").exists()
