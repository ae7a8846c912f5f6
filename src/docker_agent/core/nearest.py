"""The word that somebody probably meant."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any


def nearest(word: str, words: Iterable[str]) -> str:
    """The one of some words that is most like another, "" where none is; what finds it is loaded when needed."""
    difflib: Any = importlib.import_module("difflib")
    found: list[str] = difflib.get_close_matches(word, words, n=1)
    return found[0] if found else ""
