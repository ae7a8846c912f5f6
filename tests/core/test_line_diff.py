from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from docker_agent.core.line_diff import unified_diff


def patched(before: Sequence[str], diff: Sequence[str]) -> Iterator[str]:
    place = 0
    for line in diff[2:]:
        if line.startswith("@@"):
            start, _, length = line.split()[1][1:].partition(",")
            first = int(start) - (length != "0")
            yield from before[place:first]
            place = first
        elif line[0] == "+":
            yield line[1:]
        else:
            assert before[place] == line[1:]
            place += 1
            yield from [line[1:]] * (line[0] == " ")
    yield from before[place:]


def test_a_diff_leads_from_one_text_to_the_other() -> None:
    chance = random.Random(7)
    for _ in range(300):
        before = chance.choices("abcdefghijklmnop", k=chance.randint(0, 14))
        after = list(before)
        for _ in range(chance.randint(0, 4)):
            place = chance.randint(0, len(after))
            after[place : place + chance.randint(0, 2)] = chance.choices("abcxyz", k=chance.randint(0, 2))
        assert list(patched(before, list(unified_diff("x", before, after)))) == after


def test_a_line_more_in_each_of_many_alike_parts_is_all_that_is_shown() -> None:
    before = [line for number in range(300) for line in (f"  s{number}:", "    image: x", "    init: true")]
    after = [new for line in before for new in ((line, "    restart: always") if "image" in line else (line,))]

    changes = [line for line in unified_diff("x", before, after) if line[0] in "+-"]
    assert changes == ["--- x", "+++ x", *["+    restart: always"] * 300]
