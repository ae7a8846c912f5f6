"""What differs between two texts, line by line, in time that grows with their length also where all of it changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

CONTEXT = 2


def unified_diff(name: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The lines of a unified diff with two lines around each change; none where the texts are the same."""
    if before == after:
        return
    yield from (f"--- {name}", f"+++ {name}")
    for group in _Lines(before, after).get_grouped_opcodes(CONTEXT):
        (_, start, _, new_start, _), (_, _, end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@"
        for tag, low, high, new_low, new_high in group:
            if tag == "equal":
                yield from (f" {line}" for line in before[low:high])
            else:
                yield from (f"-{line}" for line in before[low:high])
                yield from (f"+{line}" for line in after[new_low:new_high])


class _Lines(SequenceMatcher[str]):
    """Compares piece by piece: the texts are cut before lines that each of them has once."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        super().__init__(None, before, after, autojunk=False)
        self.before, self.after = before, after

    def get_matching_blocks(self) -> list[Match]:
        """The lines that both texts have, in order; the last block is empty."""
        blocks: list[Match] = []
        for low, high, new_low, new_high in _pieces(self.before, self.after):
            piece = SequenceMatcher(None, self.before[low:high], self.after[new_low:new_high], autojunk=False)
            for start, new_start, size in piece.get_matching_blocks()[:-1]:
                found = Match(low + start, new_low + new_start, size)
                last = blocks[-1] if blocks else Match(0, 0, 0)
                if (last.a + last.size, last.b + last.size) == (found.a, found.b):
                    found = Match(last.a, last.b, last.size + size)
                    del blocks[-1:]
                blocks.append(found)
        return [*blocks, Match(len(self.before), len(self.after), 0)]


def _pieces(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    counts, new_counts = Counter(before), Counter(after)
    places = {line: place for place, line in enumerate(after) if new_counts[line] == 1}
    low = new_low = 0
    for place, line in enumerate(before):
        new_place = places.get(line, -1) if counts[line] == 1 else -1
        if new_place > new_low:
            yield low, place, new_low, new_place
            low, new_low = place, new_place
    yield low, len(before), new_low, len(after)


def _range(start: int, end: int) -> str:
    """Lines as a unified diff counts them: from 1, and an empty range by the line before it."""
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + (length > 0)},{length}"
