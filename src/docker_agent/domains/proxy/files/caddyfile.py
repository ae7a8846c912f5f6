"""Read a Caddyfile into directives, as its own parser divides it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.domains.proxy.files.directives import MAX_DEPTH, Directive, Word, broken

TOKEN = re.compile(
    r"""(?P<newline>\n)
    |(?P<space>(?:\\\r?\n|[^\S\n]|\ufeff)+|\#[^\n]*)
    |"(?P<double>(?:\\.|[^"\\])*)"
    |`(?P<raw>[^`]*)`
    |<<(?P<marker>[A-Za-z0-9_-]+)\r?\n(?P<lines>(?:.*?\n)??)(?P<indent>[^\S\n]*)(?P=marker)
    |(?P<bare>(?!["`]|<<[A-Za-z0-9_-]+\r?\n)(?:\\(?!\r?\n)|[^\s\\])+)""",
    re.VERBOSE | re.DOTALL,
)
TOP = 1


def parse(text: str, file: str = "") -> list[Directive]:
    """The blocks of a Caddyfile: global options (without a name), snippets, sites, and imports between them.

    The name of a site is its first address, its arguments the others. A site without braces has its block all the same:
    the rest of the file.

    Parameters
    ----------
    file: what an error names.

    Raises
    ------
    InputError: a quote or block does not end, or a brace stands where none may.
    """
    return _Parser(text, file).parse()


class _Parser:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.levels: list[list[Directive]] = [[]]
        self.opened: list[tuple[list[Word], int, int]] = []
        self.words: list[Word] = []
        self.braceless = False

    def parse(self) -> list[Directive]:
        for word in self._words():
            if word is None:
                self._line()
            elif self.text[word.start : word.end] == "{":
                self._open(word)
            elif self.text[word.start : word.end] == "}":
                self._close(word)
            else:
                self.words.append(word)
        if self.words and self.words[-1].text.endswith(","):
            raise broken(self.text, self.words[-1].start, self.file, "no address follows the comma")
        self._line()
        if self.braceless:
            self._close(Word("", len(self.text), len(self.text)))
        if self.opened:
            words, start, _ = self.opened[-1]
            what = f"the block of {words[0].text!r}" if words else "a block"
            raise broken(self.text, start, self.file, f"{what} is not closed")
        return self.levels[0]

    def _words(self) -> Iterator[Word | None]:
        """The words, and none for the end of a line."""
        position = 0
        while position < len(self.text):
            match = TOKEN.match(self.text, position)
            if match is None:
                raise broken(self.text, position, self.file, "a quote or heredoc does not end")
            if match["newline"]:
                yield None
            elif match["space"] is None:
                yield Word(_value(match), *match.span())
            position = match.end()

    def _line(self) -> None:
        if not self.words or (len(self.levels) == TOP and self.words[-1].text.endswith(",")):
            return
        name, *args = self.words
        if len(self.levels) > TOP or name.text == "import":
            self.levels[-1].append(Directive(name.text, tuple(args), None, name.start, self.words[-1].end))
        elif self.levels[0] and any(each.name and each.name != "import" for each in self.levels[0]):
            raise broken(self.text, name.start, self.file, f"{name.text!r} has no block")
        else:
            self.braceless = True
            self._open(Word("", self.words[-1].end, self.words[-1].end))
        self.words = []

    def _open(self, brace: Word) -> None:
        if len(self.opened) >= MAX_DEPTH or (self.opened and not self.words):
            raise broken(self.text, brace.start, self.file, "unexpected '{'")
        words = self.words if self.opened else [_without_comma(each) for each in self.words]
        self.opened.append((words, words[0].start if words else brace.start, brace.end))
        self.levels.append([])
        self.words = []

    def _close(self, brace: Word) -> None:
        self._line()
        if not self.opened or (brace.text and self.braceless and len(self.opened) == TOP):
            raise broken(self.text, brace.start, self.file, "unexpected '}'")
        words, start, inside = self.opened.pop()
        name, *args = words or [Word("", start, start)]
        block = tuple(self.levels.pop())
        self.levels[-1].append(Directive(name.text, tuple(args), block, start, brace.end, inside, brace.start))


def _without_comma(address: Word) -> Word:
    bare = address.text.removesuffix(",")
    return Word(bare, address.start, address.end - len(address.text) + len(bare))


def _value(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return match["double"].replace('\\"', '"')
    if match["raw"] is not None:
        return match["raw"]
    if match["marker"] is not None:
        lines = match["lines"].removesuffix("\n").removesuffix("\r").split("\n")
        return "\n".join(line.removeprefix(match["indent"]) for line in lines)
    return match["bare"]
