"""Read the configuration of Nginx into directives, as its own parser divides it."""

from __future__ import annotations

import re

from docker_agent.domains.proxy.files.directives import MAX_DEPTH, Directive, Word, broken

TOKEN = re.compile(
    r"""(?P<space>[\s\ufeff]+|\#[^\n]*)
    |(?P<mark>[;{}])
    |"(?P<double>(?:\\.|[^"\\])*)"
    |'(?P<single>(?:\\.|[^'\\])*)'
    |(?P<bare>(?!["'])(?:\\.|\$\{|[^\s;{\\])+)""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"""\\(["'\\trn])""")
CONTROLS = {"t": "\t", "r": "\r", "n": "\n"}


def parse(text: str, file: str = "") -> list[Directive]:
    """The directives of a configuration file, or of what `nginx -T` prints.

    Parameters
    ----------
    file: what an error names.

    Raises
    ------
    InputError: a quote, block or directive does not end, or a brace stands where none may.
    """
    return _Parser(text, file).parse()


class _Parser:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.levels: list[list[Directive]] = [[]]
        self.opened: list[tuple[list[Word], int]] = []
        self.words: list[Word] = []

    def parse(self) -> list[Directive]:
        position = 0
        while position < len(self.text):
            match = TOKEN.match(self.text, position)
            if match is None:
                raise broken(self.text, position, self.file, "a quote or an escape does not end")
            if match["mark"]:
                self._mark(match["mark"], position)
            elif match["space"] is None:
                value = next(each for each in match.group("double", "single", "bare") if each is not None)
                self.words.append(Word(_unescaped(value), *match.span()))
            position = match.end()
        if self.words:
            raise broken(self.text, self.words[0].start, self.file, f"{self.words[0].text!r} has no semicolon")
        if self.opened:
            words, _ = self.opened[-1]
            raise broken(self.text, words[0].start, self.file, f"the block of {words[0].text!r} is not closed")
        return self.levels[0]

    def _mark(self, mark: str, position: int) -> None:
        if (mark == "}") is bool(self.words) or (mark == "}" and not self.opened) or len(self.opened) >= MAX_DEPTH:
            raise broken(self.text, position, self.file, f"unexpected {mark!r}")
        if mark == "{":
            self.opened.append((self.words, position + 1))
            self.levels.append([])
        elif mark == ";":
            name, *args = self.words
            self.levels[-1].append(Directive(name.text, tuple(args), None, name.start, position + 1))
        else:
            (name, *args), start = self.opened.pop()
            block = tuple(self.levels.pop())
            place = name.start, position + 1, start, position
            self.levels[-1].append(Directive(name.text, tuple(args), block, *place))
        self.words = []


def _unescaped(value: str) -> str:
    return ESCAPE.sub(lambda match: CONTROLS.get(match[1], match[1]), value)
