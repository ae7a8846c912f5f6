"""Calls side by side or one by one, limits, and a conversation that stays valid when one is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from tests.agent.loops import Hall, Said, beginning, calling, end, looking, make, requests, results, saying
from tests.agent.validity import check
from tests.doors import Says, place

from docker_agent.agent.loop import CUT_SHORT, NOT_RUN, Called, Event
from docker_agent.agent.model import (
    ModelEvent,
    Request,
    Text,
    TextDelta,
    ToolUse,
    Turn,
    Usage,
)
from docker_agent.core.errors import BudgetSpent, ModelFailed
from docker_agent.policy.approve import NoApprover
from docker_agent.policy.budget import Budget
from docker_agent.policy.permit import Mode


def test_looks_of_one_turn_run_side_by_side_and_are_answered_in_order() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def meet(words: str) -> None:
        barrier.wait()
        sleep(0.05 * (4 - int(words)))

    hall = Hall(act=meet)
    loop = make([calling(*looking("1", "2", "3", "4")), saying("Done.")], hall)

    events = list(loop.ask("why?"))

    assert hall.most == 4
    assert [text for _, text, _ in results(loop)] == ["saw 1", "saw 2", "saw 3", "saw 4"]
    assert [event.outcome.text for event in events if isinstance(event, Called)] == ["saw 1", "saw 2", "saw 3", "saw 4"]


def test_changes_run_one_by_one_in_their_place_among_the_looks() -> None:
    hall = Hall(act=lambda _words: sleep(0.02))
    calls = (*looking("1", "2"), *beginning("a", "b"), *looking("3"), *beginning("c"))
    loop = make([calling(*calls), saying("Done.")], hall)

    list(loop.ask("go"))

    assert sorted(hall.went[:2]) == ["look 1", "look 2"]
    assert hall.went[2:] == ["begin a", "begin b", "look 3", "begin c"]
    assert [each for each, _, _ in results(loop)] == [call.id for call in calls]


def test_a_tool_that_nobody_knows_runs_alone_and_its_error_reaches_the_model(tmp_path: Path) -> None:
    here = place(tmp_path)
    unknown = ToolUse("id-0", "nosuch", {})
    loop = make(
        [calling(*looking("1"), unknown, *looking("2")), saying("Sorry.")],
        lambda name, arguments: here.door(name, arguments, by="model", approver=NoApprover()),
    )

    list(loop.ask("go"))

    assert [is_error for _, _, is_error in results(loop)] == [False, True, False]
    assert "There is no tool 'nosuch'" in results(loop)[1][1]


def test_the_same_prompt_through_the_real_door_is_approved_once_for_each_change(tmp_path: Path) -> None:
    here = place(tmp_path, Mode("terminal"))
    yes = Says(yes=True)
    loop = make(
        [calling(*beginning("web", "blog"), *looking("x")), saying("Done.")],
        lambda name, arguments: here.door(name, arguments, by="model", approver=yes),
    )

    list(loop.ask("start both"))

    assert here.world.done == ["container_start web", "container_start blog"]
    assert len(yes.asked) == 2


def test_turns_run_out() -> None:
    loop = make([calling(*looking("a"))] * 3 + [saying("Hello.")], budget=Budget(max_turns=3))

    with pytest.raises(BudgetSpent, match="3 turns"):
        list(loop.ask("why?"))

    check(loop.transcript.messages)
    assert len(requests(loop)) == 3
    assert end(list(loop.ask("go on"))).text == "Hello."


def test_tokens_run_out() -> None:
    turn = calling(*looking("a"), usage=Usage(input=500, cache_read=100))
    loop = make([turn] * 3, budget=Budget(tokens=1_000))

    with pytest.raises(BudgetSpent, match="1200 tokens are used, 1000 were allowed"):
        list(loop.ask("why?"))

    assert len(requests(loop)) == 2
    assert loop.usage.total == 1_200


def test_seconds_run_out() -> None:
    clock = iter(range(0, 1_000, 40))
    loop = make([calling(*looking("a"))] * 9, budget=Budget(seconds=100, clock=lambda: float(next(clock))))

    with pytest.raises(BudgetSpent, match="100 s were allowed"):
        list(loop.ask("why?"))

    assert len(requests(loop)) == 2


def interrupted_at(where: str) -> Hall:
    def act(words: str) -> None:
        if words == where:
            raise KeyboardInterrupt

    return Hall(act=act)


@pytest.mark.parametrize("where", ["1", "2", "a", "3", "b"])
def test_after_ctrl_c_in_any_call_every_call_has_an_answer(where: str) -> None:
    calls = (*looking("1", "2"), *beginning("a"), *looking("3"), *beginning("b"))
    hall = interrupted_at(where)
    loop = make([calling(*calls), saying("Hello.")], hall)

    with pytest.raises(KeyboardInterrupt):
        list(loop.ask("go"))

    check(loop.transcript.messages)
    texts = {call.id: text for call, (_, text, _) in zip(calls, results(loop), strict=True)}
    assert texts[f"id-{where}"] == CUT_SHORT
    never = [call.id for call in calls if f"{call.name[5:]} {call.id[3:]}" not in hall.went]
    assert all(texts[each] == NOT_RUN for each in never if where not in {"1", "2"})
    assert end(list(loop.ask("hello"))).text == "Hello."
    check(requests(loop)[1].messages)


def test_a_change_that_was_done_before_ctrl_c_is_reported_as_done() -> None:
    loop = make([calling(*beginning("a", "b", "c"))], interrupted_at("b"))

    with pytest.raises(KeyboardInterrupt):
        list(loop.ask("go"))

    assert [text for _, text, _ in results(loop)] == ["saw a", CUT_SHORT, NOT_RUN]


@pytest.mark.parametrize("stop_at", range(1, 8))
def test_a_surface_that_stops_listening_leaves_a_valid_conversation(stop_at: int) -> None:
    calls = (*looking("1", "2"), *beginning("a"))
    loop = make([Turn((Text("Go. "), *calls), "tool_use"), saying("Done."), saying("Hello.")])

    events: Iterator[Event] = loop.ask("go")
    for _ in range(stop_at):
        next(events)
    close = getattr(events, "close", None)
    assert close is not None
    close()

    list(loop.ask("hello"))
    for request in requests(loop):
        check(request.messages)


def test_a_fault_in_the_door_leaves_a_valid_conversation() -> None:
    def broken(_name: str, _arguments: dict[str, Any]) -> Said:
        raise ZeroDivisionError

    loop = make([calling(*looking("1", "2"))], broken)

    with suppress(ZeroDivisionError):
        list(loop.ask("go"))

    check(loop.transcript.messages)


class Breaking:
    """A model whose stream ends in many ways before it finishes."""

    name = "breaking"
    context_tokens = 10_000

    def __init__(self, ends: Sequence[BaseException | Turn | None]) -> None:
        self.ends = list(ends)

    def turn(self, request: Request) -> Iterator[ModelEvent]:
        check(request.messages)
        yield TextDelta("Let me ")
        last = self.ends.pop(0)
        if isinstance(last, BaseException):
            raise last
        if last is not None:
            yield last

    def price(self, usage: Usage) -> float | None:
        del usage
        return None


@pytest.mark.parametrize("error", [ModelFailed("The service failed."), KeyboardInterrupt(), None])
def test_a_stream_that_breaks_leaves_a_valid_conversation(error: BaseException | None) -> None:
    loop = make(Breaking([calling(*looking("a")), error, saying("Hello.")]))

    with pytest.raises((ModelFailed, KeyboardInterrupt)):
        list(loop.ask("why?"))

    assert end(list(loop.ask("hello"))).text == "Hello."
    assert loop.cost is None
