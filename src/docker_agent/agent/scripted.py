"""A model that replays a script, for tests and evals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from docker_agent.agent.model import ModelEvent, Request, TextDelta, Turn, Usage
from docker_agent.core.errors import ModelFailed


class ScriptedModel:
    """Gives the turns of a script, one for each request, and keeps the requests in `requests`.

    Parameters
    ----------
    turns: turns, or functions that make one of the request that they answer.
    name: what the model is called in transcripts.
    context_tokens: size of the context that it claims to have.
    """

    def __init__(
        self,
        turns: Sequence[Turn | Callable[[Request], Turn]],
        *,
        name: str = "scripted",
        context_tokens: int = 200_000,
    ) -> None:
        self.name = name
        self.context_tokens = context_tokens
        self.requests: list[Request] = []
        self._turns = tuple(turns)

    def turn(self, request: Request) -> Iterator[ModelEvent]:
        """Give the next turn, its text first as one piece.

        Raises
        ------
        ModelFailed: the script is at its end.
        """
        place = len(self.requests)
        self.requests.append(request)
        if place >= len(self._turns):
            raise ModelFailed(
                f"The script has {len(self._turns)} turns and was asked for turn {place + 1}.",
                "Add a turn to the script, or end the loop earlier.",
            )
        entry = self._turns[place]
        turn = entry if isinstance(entry, Turn) else entry(request)
        if turn.text:
            yield TextDelta(turn.text)
        yield turn

    def price(self, usage: Usage) -> float | None:
        """Nothing: a script costs no money."""
        del usage
        return 0.0
