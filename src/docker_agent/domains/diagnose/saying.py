"""What was handed over as a message: all of it is looked at, and of a long one the telling lines and the end kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from docker_agent.core.log_patterns import patterns_of
from docker_agent.domains.diagnose.snapshot import Message
from docker_agent.domains.diagnose.telling import MAX_CHARS, is_telling

MAX_MESSAGE_CHARS = 20_000
END_CHARS = 5_000
# What Compose puts before each line of a log (`web-1  | `, a container's name may have no number), and colours.
COLOUR = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
PREFIX = re.compile(r"^(?=\S{0,200}[A-Za-z])[\w.@-]{1,200}(?:(?<=-\d)|(?<=-\d\d)| ) {1,200}\| ?")
ENGINE = re.compile(r"daemon|docker|compose|OCI runtime|failed to solve", re.IGNORECASE)

Piece = tuple[int, str]


def said(text: str) -> tuple[Message, ...]:
    """A message that was handed over, none for an empty text.

    Of a long one the lines with telling words are kept, one or two of each kind with their neighbours, and its end.
    """
    if not text.strip():
        return ()
    skipped = len(text) - len(text.lstrip("\n"))
    pieces = list(_pieces(text.strip("\n").rstrip(), skipped + 1))
    kept = pieces if sum(len(words) + 1 for _, words in pieces) <= MAX_MESSAGE_CHARS else _shortened(pieces)
    left = len({number for number, _ in pieces} - {number for number, _ in kept})
    what = f"{left} of its lines" if left else "parts of its long lines"
    start = f", of what is before line {skipped + 1} nothing" if skipped else ""
    return (
        Message(
            "message",
            "\n".join(words for _, words in kept),
            numbers=tuple(number for number, _ in kept),
            left_out=f"message: {what} were only searched for words of failures{start}"
            if len(kept) < len(pieces)
            else "",
        ),
    )


def unheard(messages: Sequence[Message]) -> tuple[str, ...]:
    """What was left out of messages, in words."""
    return tuple(message.left_out for message in messages if message.left_out)


def _pieces(text: str, first: int) -> Iterator[Piece]:
    """Lines with their numbers, without what Compose and terminals add; very long ones in pieces of one number."""
    for number, line in enumerate(text.split("\n"), first):
        for part in [each for each in line.split("\r") if each] or [""]:
            words = PREFIX.sub("", COLOUR.sub("", part) if "\x1b" in part else part)
            if len(text) <= MAX_MESSAGE_CHARS:
                yield number, words
            else:
                yield from ((number, words[at : at + MAX_CHARS]) for at in range(0, max(1, len(words)), MAX_CHARS))


def _shortened(pieces: Sequence[Piece]) -> list[Piece]:
    """The end, and before it what tells most: the engine's words first, then the gravest, then the rarest."""
    end, used = len(pieces), 0
    while end and used + len(pieces[end - 1][1]) < END_CHARS:
        end -= 1
        used += len(pieces[end][1]) + 1
    chosen = set(range(end, len(pieces)))
    known: dict[str, bool] = {}
    telling = [at for at in range(end) if _tells(pieces[at][1], known)]
    patterns = patterns_of([pieces[at][1] for at in telling])
    for pattern in sorted(patterns, key=lambda each: not ENGINE.search(pieces[telling[each.first]][1])):
        for at in dict.fromkeys((telling[pattern.first], telling[pattern.last])):
            wanted = {near for near in (at - 1, at, at + 1) if 0 <= near < end} - chosen
            size = sum(len(pieces[near][1]) + 1 for near in wanted)
            if used + size > MAX_MESSAGE_CHARS:
                wanted, size = {at} - chosen, len(pieces[at][1]) + 1
            if wanted and used + size <= MAX_MESSAGE_CHARS:
                chosen |= wanted
                used += size
    return [pieces[at] for at in sorted(chosen)]


def _tells(words: str, known: dict[str, bool]) -> bool:
    if words not in known:
        known[words] = is_telling(words)
    return known[words]
