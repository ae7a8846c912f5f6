"""A command written as one text, split into words as Compose does, which is no shell."""

from __future__ import annotations

LONGEST = 200_000  # more than an engine takes

_QUOTES = frozenset("'\"")
_SPECIAL = frozenset("\\'\"`();&|<>")
# What is inert between these: a quote between the other quotes, a bracket between any quotes.
_INERT = {"'": {'"', "("}, '"': {"'", "("}, "`": {"'", '"', "("}, "(": {"'", '"', "`"}, ")": {"'", '"', "`"}}


class CommandLine:
    """The words of a command; `end` is where Compose stops reading: at ; & | < > outside quotes, or at the end.

    Raises
    ------
    ValueError: where a quote, a backtick or a bracket is not closed, as Compose refuses.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[str] = []
        self.end = len(text)
        self._word: list[str] | None = None
        self._open: set[str] = set()
        if len(text) > LONGEST or not _SPECIAL & set(text):
            self.words = text.split()
            return
        self._read()
        if self._open:
            raise ValueError(f"{' and '.join(sorted(self._open))} is not closed")
        self._finish()

    def _read(self) -> None:
        escaped = False
        for position, character in enumerate(self.text):
            if escaped:
                self._add(character)
                escaped = False
            elif character == "\\" and "'" not in self._open:
                escaped = True
            elif character.isspace() and not self._open:
                self._finish()
            elif character in ";&|<>" and not self._open:
                self.end = position
                if character == ">" and self._word and self._word[0].isdigit():
                    self._word = None  # 2>file
                return
            else:
                self._take(character)
        if escaped:
            raise ValueError("a backslash stands at the end")

    def _take(self, character: str) -> None:
        """One character that may open or close something."""
        if character in _INERT and not self._open & _INERT[character]:
            if character == "(" and ("(" in self._open or (self._word or [""])[-1] != "$"):
                raise ValueError("( stands outside quotes")
            if character in _QUOTES:
                if character in self._open and self._word is None:
                    self._word = []
                self._open ^= {character}
                return
            self._open ^= {"(" if character == ")" else character}
        self._add(character)

    def _add(self, character: str) -> None:
        if self._word is None:
            self._word = []
        self._word.append(character)

    def _finish(self) -> None:
        if self._word is not None:
            self.words.append("".join(self._word))
        self._word = None


def split_words(text: str) -> list[str]:
    """The words of a command; raises ValueError where Compose refuses it."""
    return CommandLine(text).words
