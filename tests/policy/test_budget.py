"""Budgets: they count, stop at the limit, and begin anew for the next prompt."""

from __future__ import annotations

import pytest

from docker_agent.core.errors import BudgetSpent
from docker_agent.policy.budget import Budget


class Clock:
    """Seconds that move when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_turns_run_out_after_the_last_allowed_one() -> None:
    budget = Budget(max_turns=2)
    budget.spend_turn()
    budget.spend_turn()

    with pytest.raises(BudgetSpent, match=r"The 2 turns .* Raise --max-turns"):
        budget.spend_turn()
    assert budget.turns == 2


def test_tokens_of_a_finished_turn_stop_the_next_one() -> None:
    budget = Budget(tokens=100)
    budget.spend_turn()
    budget.spend(99)
    budget.spend_turn()
    budget.spend(1)

    with pytest.raises(BudgetSpent, match="100 tokens are used, 100 were allowed"):
        budget.spend_turn()


def test_seconds_run_out_on_the_clock() -> None:
    clock = Clock()
    budget = Budget(seconds=10.0, clock=clock)
    clock.now += 9.9
    budget.check()
    clock.now += 0.1

    with pytest.raises(BudgetSpent, match="10 s have passed, 10 s were allowed"):
        budget.check()


def test_zero_means_no_limit() -> None:
    clock = Clock()
    budget = Budget(clock=clock)
    clock.now += 1e9
    budget.spend(10**12)
    for _ in range(1_000):
        budget.spend_turn()

    assert (budget.turns, budget.used_tokens) == (1_000, 10**12)


def test_the_next_prompt_begins_anew() -> None:
    clock = Clock()
    budget = Budget(max_turns=1, tokens=10, seconds=5, clock=clock)
    budget.spend_turn()
    budget.spend(10)
    clock.now += 5

    budget.restart()
    budget.spend_turn()

    assert (budget.turns, budget.used_tokens) == (1, 0)
