"""Plans: a digest that is stable and notices every change, and what is read off the steps."""

from __future__ import annotations

from typing import Any, cast

import pytest
from pydantic import TypeAdapter, ValidationError

from docker_agent.core.plan import (
    Argv,
    Engine,
    Observe,
    Plan,
    Probe,
    Restore,
    Risk,
    Step,
    WaitHealthy,
    Write,
    digest_of,
)

STEPS: tuple[Step, ...] = (
    Argv(
        argv=("docker", "compose", "up"),
        cwd="/srv",
        timeout_s=9.0,
        why="a",
        touches=("service:web",),
        undo=Argv(argv=("docker", "compose", "down"), why="back"),
    ),
    Engine(action="container_restart", target="web", args={"timeout": 3}, why="b", touches=("container:web",)),
    Write(path="compose.yml", content="a: é\n", before="00", mode=0o600, why="c", touches=("file:compose.yml",)),
    Restore(path="old.yml", kept="11", after="22", why="d"),
    WaitHealthy(target="web", project="shop", timeout_s=5.0, settle_s=1.0, why="e", touches=("service:web",)),
    Probe(url="http://localhost/", expect_status=204, timeout_s=1.0, why="f"),
    Observe(target="web", project="shop", seconds=2.0, why="g"),
)
PLAN = Plan(
    title="Everything",
    steps=STEPS,
    project="shop",
    reason="because",
    findings=("a|b|c",),
    foreign=("container:other",),
    data=("shop_data",),
)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict) and value:
        named = cast("dict[str, Any]", value)
        return [leaf for key, item in named.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for index, item in enumerate(cast("list[Any]", value)) for leaf in leaves(item, (*path, index))]
    return [path]


def other(value: Any) -> Any:
    match value:
        case None:
            return "x"
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case _:
            return "x"


def test_the_digest_is_a_sha256_that_stays() -> None:
    assert Plan(title="t").digest == "f30dcac6a925a66a753a25989d30a8d97d62b85de076d9bf6d6880383d4a3e3a"
    assert PLAN.digest == Plan.model_validate(PLAN.model_dump(mode="json")).digest


def test_the_digest_notices_a_change_of_every_single_value() -> None:
    whole = PLAN.model_dump(mode="json")
    seen = {digest_of(whole)}
    paths = leaves(whole)
    for path in paths:
        changed = PLAN.model_dump(mode="json")
        place: Any = changed
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = other(place[path[-1]])
        seen.add(digest_of(changed))
    assert len(paths) > 50
    assert len(seen) == len(paths) + 1


@pytest.mark.parametrize(
    "changed",
    [
        PLAN.model_copy(update={"steps": STEPS[::-1]}),
        PLAN.model_copy(update={"steps": STEPS[:-1]}),
        PLAN.model_copy(update={"steps": (*STEPS, STEPS[-1])}),
        PLAN.model_copy(update={"foreign": ()}),
        PLAN.model_copy(update={"data": ()}),
    ],
)
def test_order_and_number_of_steps_count(changed: Plan) -> None:
    assert changed.digest != PLAN.digest


def test_canonical_json_does_not_care_about_order_of_keys() -> None:
    assert digest_of({"a": 1, "b": [1, 2]}) == digest_of({"b": [1, 2], "a": 1})
    assert digest_of([1, 2]) != digest_of([2, 1])
    assert digest_of("1") != digest_of(1)


def test_text_with_half_a_character_has_a_digest() -> None:
    assert digest_of("\ud800") != digest_of("\ud801")


def test_json_round_trip() -> None:
    again = Plan.model_validate_json(PLAN.model_dump_json())

    assert again == PLAN
    assert [type(step) for step in STEPS] == [type(step) for step in again.steps]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.kind)
def test_each_step_is_known_by_its_kind(step: Step) -> None:
    adapter: TypeAdapter[Step] = TypeAdapter(Step)

    assert step == adapter.validate_json(step.model_dump_json())


@pytest.mark.parametrize(
    "raw",
    [
        {"kind": "shell", "why": "x", "command": "rm -rf /"},
        {"kind": "argv", "why": "x", "argv": "rm -rf /"},
        {"kind": "argv", "why": "x"},
        {"kind": "argv", "argv": ["ls"]},
        {"kind": "engine", "why": "x", "action": "container_exec", "target": "web"},
        {"kind": "engine", "why": "x", "action": "container_stop", "target": "web", "shell": True},
        {"kind": "write", "why": "x", "path": "a", "content": 5},
        {"kind": "wait_healthy", "why": "x", "target": "web", "risk": "harmless"},
        {"why": "x"},
        {},
    ],
)
def test_a_step_outside_the_closed_set_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Plan.model_validate({"title": "t", "steps": [raw]})


def test_a_plan_takes_no_unknown_field_and_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Plan.model_validate({"title": "t", "approved": True})
    with pytest.raises(ValidationError):
        PLAN.title = "other"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("risks", "worst"),
    [
        ((), Risk.READ),
        ((Risk.READ,), Risk.READ),
        ((Risk.CHANGE, Risk.READ), Risk.CHANGE),
        ((Risk.CHANGE, Risk.DESTROY, Risk.READ), Risk.DESTROY),
    ],
)
def test_the_risk_is_the_highest_of_the_steps(risks: tuple[Risk, ...], worst: Risk) -> None:
    plan = Plan(title="t", steps=tuple(Observe(target="web", why="w", risk=risk) for risk in risks))

    assert worst is plan.risk
    assert plan.changes == tuple(step for step in plan.steps if step.risk is not Risk.READ)


@pytest.mark.parametrize(
    ("step", "risk"),
    [
        (Argv(argv=("docker", "compose", "up", "-d"), why="w", risk=Risk.READ), Risk.CHANGE),
        (Argv(argv=("docker", "compose", "down", "--volumes"), why="w"), Risk.DESTROY),
        (Argv(argv=("docker", "compose", "-p", "x", "down", "-v"), why="w"), Risk.DESTROY),
        (Argv(argv=("docker", "volume", "rm", "data"), why="w"), Risk.DESTROY),
        (Argv(argv=("rm", "-rf", "data"), why="w", risk=Risk.READ), Risk.DESTROY),
        (Engine(action="volume_remove", target="data", why="w"), Risk.DESTROY),
        (Engine(action="container_restart", target="web", why="w", risk=Risk.READ), Risk.CHANGE),
        (Write(path="a", content="", why="w", risk=Risk.READ), Risk.CHANGE),
        (WaitHealthy(target="web", why="w"), Risk.READ),
    ],
)
def test_a_step_cannot_claim_less_than_what_it_does(step: Step, risk: Risk) -> None:
    assert Plan(title="t", steps=(step,)).risk is risk


def test_checks_read_and_the_others_change_by_default() -> None:
    assert [step.risk for step in STEPS] == [Risk.CHANGE] * 4 + [Risk.READ] * 3


def test_what_is_touched_is_named_once_in_order() -> None:
    assert PLAN.touches == ("service:web", "container:web", "file:compose.yml")
    assert Plan(title="t").touches == ()
