"""Which characters and files edits want for themselves, so that those that do not overlap are made together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection
from pathlib import Path

from docker_agent.core.record import field, mutable
from docker_agent.project.edit.files import FileEdit
from docker_agent.project.edit.spans import Edit


@mutable
class _Claimed:
    """What is wanted of one file: texts that are replaced, in order, and the first words put in, by their place."""

    spans: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    places: list[int] = field(default_factory=list[int])
    words: dict[int, set[str]] = field(default_factory=dict[int, set[str]])

    def is_free(self, edit: Edit) -> bool:
        if edit.start == edit.end and _first_word(edit.text) in self.words.get(edit.start, ()):
            return False
        after = bisect_right(self.spans, edit.end, key=lambda span: span[0])
        if after and self.spans[after - 1][1] >= edit.start:
            return False
        inside = bisect_left(self.places, edit.start)
        return edit.start == edit.end or inside == len(self.places) or self.places[inside] > edit.end

    def claim(self, edit: Edit) -> None:
        if edit.start < edit.end:
            insort(self.spans, (edit.start, edit.end))
            return
        if edit.start not in self.words:
            insort(self.places, edit.start)
        self.words.setdefault(edit.start, set()).add(_first_word(edit.text))


class Claims:
    """What the edits that are made together want; each group of edits is let in whole or not at all."""

    def __init__(self) -> None:
        self._files: dict[str, _Claimed] = {}
        self._others: set[Path] = set()

    def take(self, edits: Collection[Edit], file_edits: Collection[FileEdit] = ()) -> bool:
        """Whether nothing else wants the same characters, the same new key or the same other file; then it is theirs.

        Edits that meet count as wanting the same; several may put different keys in at one place.
        """
        paths = {edit.path for edit in file_edits}
        files = [self._files.setdefault(edit.file, _Claimed()) for edit in edits]
        if paths & self._others or not all(file.is_free(edit) for file, edit in zip(files, edits, strict=True)):
            return False
        self._others |= paths
        for file, edit in zip(files, edits, strict=True):
            file.claim(edit)
        return True


def _first_word(text: str) -> str:
    return text.strip(", \r\n").partition(":")[0]
