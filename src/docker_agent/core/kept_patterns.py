"""Compiled patterns as plain data, so that the next process need not compile them again (decision 006).

Python keeps compiled modules, but no compiled patterns. What is read and set here are internals of `re`: where they are
not as known, nothing is kept and patterns are compiled as always.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

# The number of the form that `re` compiles to; patterns, each with its flags and what `_sre.compile` makes it of.
Kept = tuple[int, list[tuple[str | bytes, int, tuple[Any, ...]]]]

_UNKNOWN = (AttributeError, ImportError, KeyError, OverflowError, RuntimeError, TypeError, ValueError)


def patterns_to_keep() -> Kept:
    """The patterns that this process has compiled, but for those that depend on its locale."""
    try:
        sre: Any = importlib.import_module("_sre")
        return sre.MAGIC, list(_compiled())
    except _UNKNOWN:
        return 0, []


def use_patterns(kept: Kept) -> None:
    """Have `re` find patterns as if they were compiled already."""
    try:
        sre: Any = importlib.import_module("_sre")
        cache: Any = vars(re)["_cache"]
        for pattern, flags, form in kept[1] if kept[0] == sre.MAGIC else ():
            cache[type(pattern), pattern, flags] = sre.compile(*form)
    except _UNKNOWN:
        return


def _compiled() -> Iterator[tuple[str | bytes, int, tuple[Any, ...]]]:
    parser: Any = importlib.import_module("re._parser")
    compiler: Any = importlib.import_module("re._compiler")
    cached: dict[tuple[type, str | bytes, int], re.Pattern[Any]] = vars(re)["_cache"]
    for _, pattern, flags in cached:
        if flags & re.LOCALE:
            continue
        parsed = parser.parse(pattern, flags)
        state = parsed.state
        code = [int(word) for word in compiler._code(parsed, flags)]  # noqa: SLF001 - as said above
        names = {number: name for name, number in state.groupdict.items()}
        of_number = tuple(names.get(number) for number in range(state.groups))
        form = (pattern, int(flags | state.flags), code, state.groups - 1, state.groupdict, of_number)
        yield pattern, flags, form
