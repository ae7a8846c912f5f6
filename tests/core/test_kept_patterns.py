"""Patterns that are kept as data and used again."""

from __future__ import annotations

import marshal
import re

import pytest

from docker_agent.core.kept_patterns import patterns_to_keep, use_patterns

PATTERNS = [
    ("(?P<key>[a-z_]+)=(?P<value>\\d+)?", 0, "a_b=12"),
    ("(?im)^ÄB|[\\u0100-\\U0001f600]", 0, "x\näb 😀"),
    ("a.c", re.DOTALL | re.IGNORECASE, "A\nC"),
    ("(a|b)*+c(?<!d)", 0, "ababc"),
]


@pytest.fixture(autouse=True)
def nothing_compiled() -> None:
    """Forget what the tests before compiled: it would all be kept, which takes its time."""
    re.purge()


def kept() -> dict[str | bytes, tuple[int, tuple[object, ...]]]:
    return {pattern: (flags, form) for pattern, flags, form in patterns_to_keep()[1]}


def test_a_kept_pattern_is_what_was_compiled() -> None:
    compiled = [re.compile(pattern, flags) for pattern, flags, _ in PATTERNS]
    use_patterns(marshal.loads(marshal.dumps(patterns_to_keep())))  # noqa: S302 - what was dumped on this line

    for (pattern, flags, text), before in zip(PATTERNS, compiled, strict=True):
        again = re.compile(pattern, flags)
        assert again is not before
        assert (again.flags, again.groups, again.groupindex) == (before.flags, before.groups, before.groupindex)
        assert [found.regs for found in again.finditer(text)] == [found.regs for found in before.finditer(text)] != []
        assert again == before


def test_it_is_used_in_place_of_compiling() -> None:
    re.compile("kept-one")
    flags, form = kept()["kept-one"]

    use_patterns((patterns_to_keep()[0], [("kept-other", flags, form)]))
    assert re.fullmatch("kept-other", "kept-one")


@pytest.mark.parametrize("form", [(), ("kept-bad", 0, [1, 2, 3], 0, {}, (None,)), ("kept-bad", 0, None, 0, {}, ())])
def test_what_is_no_pattern_is_passed_over(form: tuple[object, ...]) -> None:
    use_patterns((patterns_to_keep()[0], [("kept-bad", 0, form)]))
    assert re.fullmatch("kept-bad", "kept-bad")


def test_those_of_another_python_are_not_used() -> None:
    re.compile("kept-one")
    flags, form = kept()["kept-one"]

    use_patterns((1, [("kept-foreign", flags, form)]))
    assert not re.fullmatch("kept-foreign", "kept-one")
