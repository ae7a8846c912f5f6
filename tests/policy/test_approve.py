"""Who says yes, and for what."""

from __future__ import annotations

import pytest

from docker_agent.core.plan import Argv, Engine, Plan, Risk
from docker_agent.policy.approve import DigestApprover, NoApprover, YesApprover
from docker_agent.policy.permit import Verdict

PLAN = Plan(title="Restart web", steps=(Argv(argv=("docker", "compose", "restart", "web"), why="w"),))
ASK = Verdict("ask")


def test_nobody_says_no() -> None:
    answer = NoApprover().approve(PLAN, PLAN.digest, ASK)

    assert (False, PLAN.digest, "nobody") == (answer.yes, answer.digest, answer.by)


def test_the_flag_says_yes_for_the_digest_that_was_asked() -> None:
    answer = YesApprover().approve(PLAN, PLAN.digest, ASK)

    assert (True, PLAN.digest, "--yes") == (answer.yes, answer.digest, answer.by)


def test_the_flag_cannot_type_a_name() -> None:
    answer = YesApprover().approve(PLAN, PLAN.digest, Verdict("ask_typed"))

    assert not answer.yes
    assert "a person has to say yes" in answer.reason


def test_the_flag_does_not_destroy_or_touch_other_projects() -> None:
    gone = Engine(action="volume_remove", target="data", why="Gone.", risk=Risk.DESTROY)
    for plan in (PLAN.model_copy(update={"steps": (gone,)}), PLAN.model_copy(update={"foreign": ("container:other",)})):
        assert not YesApprover().approve(plan, plan.digest, ASK).yes


def test_a_digest_that_came_back_is_a_yes_for_this_plan_only() -> None:
    other = PLAN.model_copy(update={"title": "Restart db"})
    approver = DigestApprover([PLAN.digest])

    assert approver.approve(PLAN, PLAN.digest, ASK).yes
    assert not approver.approve(other, other.digest, ASK).yes


@pytest.mark.parametrize("brought", [[], [""], [PLAN.digest[:12]], [PLAN.digest.upper()], [PLAN.digest + "0"]])
def test_a_digest_must_come_back_whole(brought: list[str]) -> None:
    answer = DigestApprover(brought).approve(PLAN, PLAN.digest, ASK)

    assert (answer.yes, answer.reason) == (False, "its digest was not brought.")
