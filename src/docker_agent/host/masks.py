"""Masks of secrets in a file's new text: those that the change brings become values, those that stood there stay."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from docker_agent.core.secret import MASK


def resolve_new(text: str, old: str, resolve: Callable[[str], str]) -> str:
    """The new text with a value for each mask that was not in the old text already.

    A mask is left alone in a line that the old text holds too, and everywhere where the old text holds it as often.

    Parameters
    ----------
    resolve: gives the value of one mask; raises `InputError` for one that stands for nothing.
    """
    brought = Counter(MASK.findall(text)) - Counter(MASK.findall(old))
    if not brought:
        return text
    known = set(old.splitlines(keepends=True))

    def value_of(found: re.Match[str]) -> str:
        return resolve(found.group()) if found.group() in brought else found.group()

    return "".join(line if line in known else MASK.sub(value_of, line) for line in text.splitlines(keepends=True))
