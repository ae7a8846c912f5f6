"""How many turns, tokens and seconds one session may use."""

from __future__ import annotations

import time
from collections.abc import Callable

from docker_agent.core.errors import BudgetSpent


class Budget:
    """Counts what is used and stops when a limit is reached; 0 means no limit.

    Parameters
    ----------
    max_turns, tokens, seconds: the limits.
    clock: seconds that only grow.
    """

    def __init__(
        self, max_turns: int = 0, tokens: int = 0, seconds: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_turns, self._tokens, self._seconds, self._clock = max_turns, tokens, seconds, clock
        self.restart()

    def restart(self) -> None:
        """Begin anew, for the next prompt of a conversation."""
        self.turns = 0
        self.used_tokens = 0
        self._started = self._clock()

    def spend_turn(self) -> None:
        """Count one turn before it starts.

        Raises
        ------
        BudgetSpent: a limit is reached already.
        """
        self.check()
        if self._max_turns and self.turns >= self._max_turns:
            raise BudgetSpent(f"The {self._max_turns} turns that were allowed are used up.", "Raise --max-turns.")
        self.turns += 1

    def spend(self, tokens: int) -> None:
        """Count the tokens of a finished turn; the next turn finds out when there were too many."""
        self.used_tokens += tokens

    def check(self) -> None:
        """Stop where tokens or seconds are used up.

        Raises
        ------
        BudgetSpent: with what was used and how to raise it.
        """
        if self._tokens and self.used_tokens >= self._tokens:
            raise BudgetSpent(
                f"{self.used_tokens} tokens are used, {self._tokens} were allowed.", "Raise --budget-tokens."
            )
        passed = self._clock() - self._started
        if self._seconds and passed >= self._seconds:
            raise BudgetSpent(
                f"{passed:.0f} s have passed, {self._seconds:.0f} s were allowed.", "Ask for less at once."
            )
