"""The error tree: one sentence, the next step, and the exit code of the design's table."""

from __future__ import annotations

import pytest

from docker_agent.core import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.AgentError, 2),
        (errors.InputError, 2),
        (errors.CheckFailed, 1),
        (errors.Denied, 3),
        (errors.NeedsApproval, 3),
        (errors.EngineUnreachable, 4),
        (errors.ToolMissing, 4),
        (errors.ModelFailed, 5),
        (errors.BudgetSpent, 5),
    ],
)
def test_each_kind_has_its_exit_code(kind: type[errors.AgentError], code: int) -> None:
    assert kind.exit_code == code
    assert issubclass(kind, errors.AgentError)


def test_an_error_reads_as_sentence_and_next_step() -> None:
    assert str(errors.Denied("It was refused.", "Ask again.")) == "It was refused. Ask again."
    assert str(errors.Denied("It was refused.")) == "It was refused."
