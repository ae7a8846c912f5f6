"""Every way a turn can end, and a transcript that stays valid and small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.agent.loops import Hall, Said, beginning, calling, end, looking, make, requests, results, saying
from tests.agent.validity import check
from tests.doors import SECRET, TOOLS, place

from docker_agent.agent.loop import CUT_OFF, Called, Calling, Compacted, Finished, Loop
from docker_agent.agent.model import (
    Block,
    Message,
    Opaque,
    StopReason,
    Text,
    TextDelta,
    Turn,
    Usage,
)
from docker_agent.agent.scripted import ScriptedModel
from docker_agent.agent.transcript import Transcript
from docker_agent.core.errors import ModelFailed
from docker_agent.policy.budget import Budget


def test_a_call_is_run_and_answered_and_the_last_words_end_it() -> None:
    usage = Usage(input=10, output=5, cache_read=2)
    loop = make([Turn((Text("Let me see. "), *looking("a")), "tool_use", usage), saying("Done.")])

    events = list(loop.ask("why?"))

    assert [type(event) for event in events] == [TextDelta, Calling, Called, TextDelta, Finished]
    assert (end(events).text, end(events).reason, end(events).turns, end(events).usage) == (
        "Done.",
        "end_turn",
        2,
        usage,
    )
    assert results(loop) == [("id-a", "saw a", False)]
    assert (loop.cost, loop.turns) == (0.0, 2)
    check(loop.transcript.messages)


def test_a_second_prompt_goes_on_with_the_same_conversation() -> None:
    loop = make([saying("One."), saying("Two.")])
    list(loop.ask("first"))
    list(loop.ask("second"))

    words = [
        block.text for message in requests(loop)[1].messages for block in message.blocks if isinstance(block, Text)
    ]
    assert words == ["first", "One.", "second"]


@pytest.mark.parametrize("reason", ["end_turn", "stop_sequence"])
def test_an_end_with_calls_in_it_runs_none_and_leaves_none_open(reason: StopReason) -> None:
    hall = Hall()
    loop = make([Turn((Text("Enough."), *looking("a")), reason)], hall)

    assert end(list(loop.ask("why?"))).reason == reason
    assert hall.went == []
    check(loop.transcript.messages)


@pytest.mark.parametrize("blocks", [(), (Text(""),), (Opaque({"type": "thinking"}),)])
@pytest.mark.parametrize("reason", ["end_turn", "tool_use"])
def test_a_turn_that_says_and_asks_nothing_is_the_end(blocks: tuple[Block, ...], reason: StopReason) -> None:
    loop = make([Turn(blocks, reason), saying("Hello.")])

    assert end(list(loop.ask("why?"))).text == ""
    list(loop.ask("again"))
    check(requests(loop)[1].messages)


def test_a_turn_cut_off_with_words_goes_on_from_them_and_runs_no_call() -> None:
    hall = Hall()
    loop = make([Turn((Text("I was sayi"), *looking("a")), "max_tokens"), saying("ng.")], hall)

    assert end(list(loop.ask("why?"))).text == "ng."
    assert hall.went == []
    check(requests(loop)[1].messages)
    assert requests(loop)[1].messages[1:] == (
        Message("assistant", (Text("I was sayi"),)),
        Message("user", (Text(CUT_OFF),)),
    )


def test_a_turn_cut_off_without_words_is_asked_for_again() -> None:
    loop = make([Turn(looking("a"), "max_tokens"), saying("Short.")])

    assert end(list(loop.ask("why?"))).text == "Short."
    assert requests(loop)[1].messages == (Message("user", (Text("why?"), Text(CUT_OFF))),)


@pytest.mark.parametrize("reason", ["max_tokens", "pause_turn", "model_context_window_exceeded"])
def test_a_model_that_never_gets_to_an_end_is_given_up(reason: StopReason) -> None:
    loop = make([*[saying("and", reason)] * 5, saying("Here I am.")])

    with pytest.raises(ModelFailed, match="again and again"):
        list(loop.ask("why?"))

    assert len(requests(loop)) == 5
    assert end(list(loop.ask("still there?"))).text == "Here I am."
    for request in requests(loop):
        check(request.messages)


def test_a_call_in_between_resets_the_count_of_cut_turns() -> None:
    cut = [saying("and", "max_tokens")] * 4
    loop = make([*cut, calling(*looking("a")), *cut, saying("Done.")])

    assert end(list(loop.ask("why?"))).text == "Done."


def test_a_pause_goes_back_as_it_came() -> None:
    block = Opaque({"type": "server_tool_use", "id": "s1"})
    loop = make([Turn((block,), "pause_turn"), saying("Done.")])

    list(loop.ask("why?"))

    assert requests(loop)[1].messages[-1] == Message("assistant", (block,))


def test_calls_of_a_paused_turn_are_not_run_and_not_left_open() -> None:
    hall = Hall()
    loop = make([Turn((Text("wait"), *looking("a")), "pause_turn"), saying("Done.")], hall)

    list(loop.ask("why?"))

    assert hall.went == []
    check(requests(loop)[1].messages)


def test_a_refusal_runs_none_of_its_calls_and_says_why() -> None:
    hall = Hall()
    refused = Turn((Text("No."), *looking("a"), *beginning("web")), "refusal", detail="cyber")
    loop = make([refused, saying("Hello.")], hall)

    with pytest.raises(ModelFailed, match="declined this request \\(cyber\\); none of its calls was run"):
        list(loop.ask("why?"))

    assert hall.went == []
    assert end(list(loop.ask("hello"))).text == "Hello."
    check(requests(loop)[1].messages)


def test_a_full_window_is_made_smaller_and_asked_again() -> None:
    looks = [calling(*looking(f"{number} " + "x" * 1_000)) for number in range(12)]
    loop = make([*looks, Turn((), "model_context_window_exceeded"), saying("Done.")])
    loop.model.context_tokens = 16_000

    events = list(loop.ask("why?"))

    shortened = [event for event in events if isinstance(event, Compacted)]
    assert end(events).text == "Done."
    assert [event.tokens > 2_000 for event in shortened] == [True]
    before, after = (Transcript(list(request.messages)).tokens for request in requests(loop)[-2:])
    assert after < 16_000 / 4 < before
    check(requests(loop)[-1].messages)


def test_a_conversation_is_shortened_before_it_fills_the_window() -> None:
    looks = [calling(*looking(f"{number} " + "x" * 2_000)) for number in range(30)]
    loop = make([*looks, saying("Done.")])
    loop.model.context_tokens = 8_000

    events = list(loop.ask("why?"))

    assert any(isinstance(event, Compacted) for event in events)
    for request in requests(loop):
        check(request.messages)
        assert Transcript(list(request.messages)).tokens < 0.75 * 8_000


def test_secrets_in_the_prompt_are_masked_before_the_model_reads_them(tmp_path: Path) -> None:
    redactor = place(tmp_path).door.redactor
    loop = make([saying("Hello.")], redact=redactor.text)

    list(loop.ask(f"the password is {SECRET}"))

    assert requests(loop)[0].messages == (Message("user", (Text("the password is <secret:DB_PASSWORD>"),)),)


def test_tools_that_become_visible_come_after_the_first_ones() -> None:
    names = list(TOOLS.values())
    visible = names[:3]

    def opening(_name: str, _arguments: dict[str, Any]) -> Said:
        visible.append(names[5])
        return Said("opened")

    loop = Loop(
        ScriptedModel([calling(*looking("a")), saying("Done.")]), opening, lambda: visible, 3, "", Budget(), str
    )
    list(loop.ask("go"))

    first, second = requests(loop)
    assert second.tools[:3] == first.tools
    assert [tool.name for tool in second.tools[3:]] == [names[5].name]
    assert (first.core_tools, second.core_tools) == (3, 3)
    assert second.tools[0].schema == names[0].schema
