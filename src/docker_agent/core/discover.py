"""Find what grows (tools, rules, signatures, drivers) by walking a package: one file each, no second list."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")


def modules(package: str) -> Iterator[str]:
    """Dotted names of all modules below a package, sorted, without importing any but the package itself."""
    root = importlib.import_module(package)
    found = pkgutil.iter_modules(root.__path__, prefix=f"{package}.")
    for entry in sorted(found, key=lambda entry: entry.name):
        yield entry.name
        if entry.ispkg:
            yield from modules(entry.name)


def instances(package: str, kind: type[T]) -> list[T]:
    """All module-level values of a kind below a package, each once, in order of their modules' names."""
    found: dict[int, T] = {}
    for name in modules(package):
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, kind):
                found.setdefault(id(value), value)
    return list(found.values())
