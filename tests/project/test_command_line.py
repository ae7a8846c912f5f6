from __future__ import annotations

import pytest

from docker_agent.project.command_line import CommandLine, split_words


@pytest.mark.parametrize(
    ("text", "words", "rest"),
    [
        ("", [], ""),
        ("run  it\tnow\n", ["run", "it", "now"], ""),
        ("run 'all at once' \"it's\" a\\ b", ["run", "all at once", "it's", "a b"], ""),
        ("run '' \"\"", ["run", "", ""], ""),
        ("say a\\nb # no", ["say", "anb", "#", "no"], ""),
        ("'a\\'", ["a\\"], ""),
        ("migrate && serve", ["migrate"], "&& serve"),
        ("a;b", ["a"], ";b"),
        ("run 2>&1", ["run"], ">&1"),
        ("run x>y", ["run", "x"], ">y"),
        ("run 'a;b' \"c|d\" `e;f` $(g;h)", ["run", "a;b", "c|d", "`e;f`", "$(g;h)"], ""),
        ("run `a b`", ["run", "`a b`"], ""),
    ],
)
def test_words_are_those_of_compose(text: str, words: list[str], rest: str) -> None:
    line = CommandLine(text)
    assert (line.words, text[line.end :]) == (words, rest)


@pytest.mark.parametrize("text", ["it's", 'say "x', "a `b", "$(a", "(a", "a (b)", "a )", "x \\", "$(a (b))"])
def test_what_is_not_closed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"closed|stands"):
        split_words(text)
