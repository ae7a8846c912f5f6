"""A command written as one text, split into words as Compose does, which is no shell."""

from __future__ import annotations

from dataclasses import dataclass, field

_QUOTES = frozenset("'\"")
_SPECIAL = frozenset("\\'\"`();&|<>")
# What is inert between these: a quote between the other quotes, a bracket between any quotes.
_INERT = {"'": {'"', "("}, '"': {"'", "("}, "`": {"'", '"', "("}, "(": {"'", '"', "`"}, ")": {"'", '"', "`"}}


@dataclass
class CommandLine:
    """The words of a command; `end` is where Compose stops reading: at ; & | < > outside quotes, or at the end.

    Raises
    ------
    ValueError: where a quote, a backtick or a bracket is not closed, as Compose refuses.
    """

    text: str
    words: list[str] = field(default_factory=list[str], init=False)
    end: int = field(default=0, init=False)
    _word: str | None = field(default=None, init=False)
    _open: set[str] = field(default_factory=set[str], init=False)

    def __post_init__(self) -> None:
        self.end = len(self.text)
        if not _SPECIAL & set(self.text):
            self.words = self.text.split()
            return
        self._read()
        if self._open:
            raise ValueError(f"{' and '.join(sorted(self._open))} is not closed")
        if self._word is not None:
            self.words.append(self._word)

    def _read(self) -> None:
        escaped = False
        for position, character in enumerate(self.text):
            if escaped:
                self._add(character)
                escaped = False
            elif character == "\\" and "'" not in self._open:
                escaped = True
            elif character.isspace() and not self._open:
                self.words += [] if self._word is None else [self._word]
                self._word = None
            elif character in ";&|<>" and not self._open:
                self.end = position
                if character == ">" and (self._word or "")[:1].isdigit():
                    self._word = None  # 2>file
                return
            else:
                self._take(character)
        if escaped:
            raise ValueError("a backslash stands at the end")

    def _take(self, character: str) -> None:
        """One character that may open or close something."""
        if character in _INERT and not self._open & _INERT[character]:
            if character == "(" and ("(" in self._open or not (self._word or "").endswith("$")):
                raise ValueError("( stands outside quotes")
            if character in _QUOTES:
                self._word = (self._word or "") if character in self._open else self._word
                self._open ^= {character}
                return
            self._open ^= {"(" if character == ")" else character}
        self._add(character)

    def _add(self, character: str) -> None:
        self._word = (self._word or "") + character


def split_words(text: str) -> list[str]:
    """The words of a command; raises ValueError where Compose refuses it."""
    return CommandLine(text).words
