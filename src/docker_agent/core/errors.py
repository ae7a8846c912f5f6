"""Everything that can go wrong in a way a person can act on, as one tree.

AgentError                 exit 2
├── InputError             exit 2   bad words, bad file, bad parameter: the caller can fix it
├── CheckFailed            exit 1   a step ran and its check did not hold
├── Denied                 exit 3   refused by a person or a policy
├── NeedsApproval          exit 3   nobody was there to say yes; the plan is saved
├── EngineUnreachable      exit 4   no engine, connection lost, engine too old
├── ToolMissing            exit 4   a program that the work needs is not installed
├── ModelFailed            exit 5   the model's service failed or refused
└── BudgetSpent            exit 5   turns, tokens or seconds ran out
"""

from __future__ import annotations

from typing import ClassVar


class AgentError(Exception):
    """An error that reads as one sentence and the next step.

    Parameters
    ----------
    message: what went wrong, one sentence.
    next_step: what to do about it, one sentence; may be empty.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class InputError(AgentError):
    """What was given cannot be used as it is."""


class CheckFailed(AgentError):
    """A change was made, or looked at, and the check on it did not hold.

    Parameters
    ----------
    output: all that the program said which failed, for who looks for the cause; the message has its last line.
    """

    exit_code = 1

    def __init__(self, message: str, next_step: str = "", *, output: str = "") -> None:
        super().__init__(message, next_step)
        self.output = output


class Denied(AgentError):
    """A person or a policy said no."""

    exit_code = 3


class NeedsApproval(AgentError):
    """Nobody was there to approve; the plan was kept."""

    exit_code = 3


class EngineUnreachable(AgentError):
    """The Docker Engine did not answer."""

    exit_code = 4


class ToolMissing(AgentError):
    """A program that this needs is not installed."""

    exit_code = 4


class ModelFailed(AgentError):
    """The model's service failed, refused or answered nonsense."""

    exit_code = 5


class BudgetSpent(AgentError):
    """The turns, tokens or seconds that were allowed are used up."""

    exit_code = 5


def reason(error: Exception) -> str:
    """Why something failed, in a few words: an error's own sentence, of one that nobody foresaw its kind alone."""
    return error.message if isinstance(error, AgentError) else f"it failed with {type(error).__name__}"
