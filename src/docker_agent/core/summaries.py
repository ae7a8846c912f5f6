"""Say what modules are for by the first line of each, without importing any: it keeps `--help` quick."""

from __future__ import annotations

from pathlib import Path


def summaries(folder: Path) -> dict[str, str]:
    """Names of the modules and packages in a folder with the first line of each, read as text: nothing is imported."""
    found: dict[str, str] = {}
    for path in sorted([*folder.glob("*/__init__.py"), *folder.glob("[!_]*.py")]):
        with path.open(encoding="utf-8") as file:
            first = file.readline().strip()
        found[path.parent.name if path.name == "__init__.py" else path.stem] = first.strip('"').strip()
    return found
