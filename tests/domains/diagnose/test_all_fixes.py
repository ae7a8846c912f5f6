"""What holds for every plan that mends, over all known failures of the fake host."""

from __future__ import annotations

from collections.abc import Iterator

from tests.domains.diagnose.cases import FAILURES
from tests.domains.diagnose.places import PROJECT, ROOT, workspace, world_of

from docker_agent.core.plan import Argv, Engine, Observe, Plan, Probe, Risk, Step, WaitHealthy, Write, risk_of
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import catalogue, examine, plan_for
from docker_agent.host.fake import World
from docker_agent.project.stack import stack_of

HARMFUL = {"down", "rm", "kill", "-v", "--volumes", "--remove-orphans", "--renew-anon-volumes", "-V", "-R"}
LEAST_PLANS = 45
# Plans that raise what the file says, so that a second one, where the first was not enough, raises it further.
RAISING = ("health-timeout", "tmpfs-full")


def test_every_plan_ends_with_a_check_stays_in_the_project_keeps_data_and_is_made_once() -> None:
    wrong: list[str] = []
    made = 0
    for name, case in FAILURES.items():
        if catalogue()[case.code].mend is None:
            continue
        world = world_of(case)
        snapshot = collect(workspace(world))
        for finding in examine(snapshot):
            plan = plan_for(snapshot, finding)
            if plan is not None:
                made += 1
                wrong += [f"{name} ({finding.code}): {what}" for what in faults(world, plan, finding.identity)]
    assert not wrong, "\n".join(wrong)
    assert made >= LEAST_PLANS


def faults(world: World, plan: Plan, identity: str) -> Iterator[str]:
    """What is wrong with a plan for a finding, in words."""
    if not isinstance(plan.steps[-1], WaitHealthy | Observe | Probe):
        yield f"ends with {plan.steps[-1].kind}"
    if plan.risk is not Risk.CHANGE or plan.data or plan.foreign:
        yield f"is {plan.risk}, loses {plan.data}, touches {plan.foreign}"
    if plan.project != PROJECT or plan.findings != (identity,) or not plan.reason:
        yield "does not say what it is for"
    own = {word for each in world.containers.values() if each.project == PROJECT for word in (each.name, each.service)}
    for step in plan.steps:
        strange = [
            each
            for each in step.touches
            if each not in own and not each.startswith(("file:", "network:", f"volume:{PROJECT}_"))
        ]
        if strange or (risk_of(step) is not Risk.READ and not step.touches) or not step.why:
            yield f"{step.kind} touches {step.touches}"
        if harms(step):
            yield f"{step.kind} may harm"
    if any(isinstance(step, Write) for step in plan.steps):
        yield from again(world, plan, identity)


def harms(step: Step) -> bool:
    """Whether a step could take a container's data or a volume away, or reach another project."""
    if isinstance(step, Argv):
        return step.argv[:2] != ("docker", "compose") or bool(HARMFUL & set(step.argv)) or PROJECT not in step.argv
    return isinstance(step, Engine) and step.action.endswith(("_remove", "_kill"))


def again(world: World, plan: Plan, identity: str) -> Iterator[str]:
    """What is wrong once the plan's files are written: they must load, and the plan must not want them otherwise."""
    before = stack_of(workspace(world))
    for step in plan.steps:
        if isinstance(step, Write):
            world.files[ROOT / step.path] = step.content.encode()
    after = stack_of(workspace(world))
    if before is None or after is None or len(after.model.problems) > len(before.model.problems):
        yield f"leaves {after.model.problems if after else 'no file'}"
    snapshot = collect(workspace(world))
    second = [plan_for(snapshot, each) for each in examine(snapshot) if each.identity == identity]
    writes = [step for each in second if each for step in each.steps if isinstance(step, Write)]
    if writes and not any(code in identity for code in RAISING):
        yield f"wants to write again: {writes[0].content}"
