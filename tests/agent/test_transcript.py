"""The transcript stays one that the Messages API accepts, whatever is done to it, and small enough."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agent.validity import check

from docker_agent.agent.model import Block, Message, Opaque, Text, ToolResult, ToolUse
from docker_agent.agent.transcript import KEEP_RESULTS, Transcript


def texts(transcript: Transcript) -> list[str]:
    return [block.text for message in transcript.messages for block in message.blocks if isinstance(block, Text)]


def results(transcript: Transcript) -> list[str]:
    return [block.text for message in transcript.messages for block in message.blocks if isinstance(block, ToolResult)]


def exchange(transcript: Transcript, number: int, size: int = 400, words: str = "") -> None:
    blocks: list[Block] = [Text(words)] if words else []
    call = ToolUse(f"c{number}", "stack_logs", {"name": "web", "tail": number})
    transcript.exchange(Message("assistant", (*blocks, call)), (ToolResult(call.id, f"{number} " + "x" * size),))


def test_what_the_person_says_twice_is_one_message() -> None:
    transcript = Transcript()
    transcript.say("first")
    transcript.say("second")

    assert transcript.messages == [Message("user", (Text("first"), Text("second")))]


def test_words_after_results_follow_them_in_the_same_message() -> None:
    transcript = Transcript()
    transcript.say("look")
    exchange(transcript, 1)
    transcript.say("and now?")

    check(transcript.messages)
    assert [type(block) for block in transcript.messages[-1].blocks] == [ToolResult, Text]


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        (Text("x" * 8), 2),
        (ToolResult("id", "x" * 40), 10),
        (ToolUse("id", "name", {"a": "bcd"}), 4),
        (Opaque({"a": "bcd"}), 3),
        (Text(""), 0),
    ],
)
def test_size_is_a_quarter_of_the_characters(block: Block, tokens: int) -> None:
    assert Transcript([Message("user", (block,))]).tokens == tokens


@pytest.mark.parametrize("count", range(1, KEEP_RESULTS + 1))
def test_the_newest_results_are_kept_when_they_fit(count: int) -> None:
    transcript = Transcript()
    transcript.say("look")
    for number in range(count):
        exchange(transcript, number)

    assert transcript.compact(1_000_000) == 0
    assert not any(text.startswith("[cleared") for text in results(transcript))


def test_old_results_are_cleared_first_and_say_how_large_they_were() -> None:
    transcript = Transcript()
    transcript.say("look")
    for number in range(KEEP_RESULTS + 3):
        exchange(transcript, number)

    saved = transcript.compact(transcript.tokens - 200)

    cleared = [text for text in results(transcript) if text.startswith("[cleared")]
    assert len(cleared) == 3
    assert "402 characters" in cleared[0]
    assert saved > 200
    check(transcript.messages)


def test_short_results_are_not_worth_clearing() -> None:
    transcript = Transcript()
    transcript.say("look")
    for number in range(KEEP_RESULTS + 3):
        exchange(transcript, number, size=3)

    transcript.compact(1_000_000)

    assert [text.split()[0] for text in results(transcript)] == [str(number) for number in range(KEEP_RESULTS + 3)]


def test_the_oldest_exchanges_are_folded_into_the_opening_with_what_was_called() -> None:
    transcript = Transcript()
    transcript.say("why does web restart?")
    for number in range(8):
        exchange(transcript, number, words=f"Looking {number}.")

    transcript.compact(150)

    check(transcript.messages)
    opening = texts(transcript)[:2]
    assert opening == ["why does web restart?", "[earlier: Looking 0. called stack_logs]"]
    assert results(transcript)[-1].startswith("7 x")


def test_words_of_the_person_survive_folding_wherever_they_stand() -> None:
    transcript = Transcript()
    transcript.say("first wish")
    for number in range(3):
        exchange(transcript, number, 1_000)
    transcript.say("second wish")
    for number in range(3, 9):
        exchange(transcript, number, 1_000)
    transcript.add(Message("assistant", (Text("answer"),)))
    transcript.say("third wish")
    for number in range(9, 12):
        exchange(transcript, number, 1_000)

    transcript.compact(10)

    check(transcript.messages)
    assert [text for text in texts(transcript) if text.endswith("wish")] == ["first wish", "second wish", "third wish"]


def test_the_last_exchange_is_never_folded() -> None:
    transcript = Transcript()
    transcript.say("look")
    for number in range(5):
        exchange(transcript, number, 10_000)

    transcript.compact(1)

    check(transcript.messages)
    assert [text[:3] for text in results(transcript)] == ["4 x"]
    assert len(transcript.messages) == 3


@pytest.mark.parametrize("limit", [-5, 0, 1])
def test_nothing_to_shorten_is_left_alone(limit: int) -> None:
    empty, short = Transcript(), Transcript()
    short.say("hello")

    assert (empty.compact(limit), short.compact(limit)) == (0, 0)
    assert texts(short) == ["hello"]


NAMES = st.sampled_from(["stack_logs", "diagnose", "x"])
SIZES = st.integers(0, 3_000)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), SIZES, st.just(0)),
        st.tuples(st.just("exchange"), SIZES, st.integers(1, 4)),
        st.tuples(st.just("words"), SIZES, st.just(0)),
        st.tuples(st.just("pause"), SIZES, st.just(0)),
    ),
    max_size=30,
)


def build(steps: list[tuple[str, int, int]]) -> Transcript:
    """A conversation as the loop would make it."""
    transcript = Transcript()
    transcript.say("the wish")
    for place, (kind, size, count) in enumerate(steps):
        if kind == "say":
            transcript.say(f"w{place} " + "w" * size)
        elif kind == "exchange":
            calls = [ToolUse(f"c{place}-{index}", "diagnose", {"a": "y" * (size // 9)}) for index in range(count)]
            answers = tuple(ToolResult(call.id, "r" * size, is_error=size % 2 == 0) for call in calls)
            transcript.exchange(Message("assistant", (Opaque({"thinking": "t"}), Text("go"), *calls)), answers)
        else:
            transcript.add(Message("assistant", (Opaque({"data": "o" * size}), Text("t" * (size + 1)))))
            if kind == "words":
                transcript.say("and?")
    return transcript


@settings(max_examples=300, deadline=None)
@given(steps=STEPS, limit=st.integers(0, 20_000))
def test_any_conversation_is_valid_after_compacting_and_fits_or_is_minimal(
    steps: list[tuple[str, int, int]], limit: int
) -> None:
    transcript = build(steps)
    check(transcript.messages)
    before = transcript.tokens
    said = [text for text in texts(transcript) if text.startswith("w")]
    last: Any = [block for block in transcript.messages[-1].blocks if not isinstance(block, Text)]

    saved = transcript.compact(limit)

    check(transcript.messages)
    assert saved == before - transcript.tokens
    assert [text for text in texts(transcript) if text.startswith("w")] == said
    assert [block for block in transcript.messages[-1].blocks if not isinstance(block, Text)] == last
    assert transcript.tokens <= limit or len(transcript.messages) <= 3


@settings(max_examples=100, deadline=None)
@given(steps=STEPS, limit=st.integers(0, 5_000))
def test_compacting_twice_to_the_same_limit_saves_nothing_more(steps: list[tuple[str, int, int]], limit: int) -> None:
    transcript = build(steps)
    transcript.compact(limit)
    before = list(transcript.messages)

    assert transcript.compact(limit) == 0
    assert transcript.messages == before
