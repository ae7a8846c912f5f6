"""Plain data that is not changed once it is made: frozen for the type checker, and cheap at run time.

A frozen dataclass takes three times as long to define and to make; the compose checker defines sixty kinds of data at
its start and makes thousands of them for a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A dataclass that pyright keeps frozen and that is equal to itself only."""
    return dataclass(eq=False, repr=False)(cls)


@dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """A dataclass that pyright keeps frozen and that is equal to another of the same fields."""
    return dataclass(unsafe_hash=True)(cls)
