"""Find what grows (tools, rules, signatures, drivers) by walking a package: one file each, no second list."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


def modules(package: str) -> Iterator[str]:
    """Dotted names of all modules below a package, sorted, without importing any but the packages themselves."""
    for folder in importlib.import_module(package).__path__:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name.removesuffix(".py")):
            name = f"{package}.{entry.name.removesuffix('.py')}"
            if entry.name.endswith(".py") and entry.name != "__init__.py":
                yield name
            elif os.path.isfile(f"{entry.path}/__init__.py"):  # noqa: PTH113 - the checker starts with this
                yield name
                yield from modules(name)


def instances(package: str, kind: type[T]) -> list[T]:
    """All module-level values of a kind below a package, each once, in order of their modules' names."""
    found: dict[int, T] = {}
    for name in modules(package):
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, kind):
                found.setdefault(id(value), value)
    return list(found.values())
