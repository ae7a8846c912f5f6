"""Go back to the state before a deployment, or to that of any deployment in the journal."""

from __future__ import annotations

from typing import Annotated, Any

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.deploy.environment import Setting, setting_of
from docker_agent.domains.deploy.plan import record_of, refuse_released
from docker_agent.domains.deploy.record import (
    DeployedService,
    DeployRecord,
    deployment,
    fits,
    standing,
    states_before,
)
from docker_agent.domains.deploy.steps import Wish
from docker_agent.domains.deploy.under_way import refuse_deploying
from docker_agent.domains.deploy.way_back import Goal, back_to, left_alone, missing_images
from docker_agent.domains.stack import foreign
from docker_agent.project.workspace import Workspace

LOOK = "See `docker-agent stack deploys`."


@tool(
    domain="stack",
    risk=Risk.CHANGE,
    on_demand=True,
    examples=("docker-agent stack rollback", "docker-agent stack rollback 4 --yes"),
)
def rollback(
    ws: Workspace,
    record: Annotated[str, "Number of a deployment to go back to; by default the state before the newest one."] = "",
) -> Plan:
    """Plan to go back to what ran before the newest deployment, or to the state of any earlier one.

    Compose files get the text that they had, tags lead to the images that ran, and each service is made new of them and
    has to be healthy. Data is not touched, so a database that was migrated stays migrated.
    """
    held = standing(ws)
    refuse_deploying(ws, but=held[-1][0].id if held and not record else "")
    if not held:
        raise InputError("Nothing was deployed here that could be taken back.", LOOK)
    if record:
        return _to(ws, record)
    entry, newest = held[-1]
    earlier = [each for before, each in held[:-1] if before.status == "applied"]
    services = states_before([newest])
    goal = Goal(services, earlier[-1] if earlier and fits(earlier[-1], services.values()) else None)
    return _plan(ws, goal, newest, f"before deployment {entry.id}", undoes=entry.id)


def _to(ws: Workspace, number: str) -> Plan:
    entry, wanted = deployment(ws, number)
    held = standing(ws)
    at = next((index for index, (each, _) in enumerate(held) if each.id == entry.id), None)
    if at == len(held) - 1:
        raise InputError(f"Deployment {number} is what runs now.", LOOK)
    services = states_before([each for _, each in held[at + 1 :]]) if at is not None else {}
    for each in wanted.services:
        later = services.get(each.service)
        if each.after.image_id or later is None or later.before.image != each.after.image:
            state = "stopped" if later and later.finished else "running"
            services[each.service] = each.model_copy(update={"state": state, "before": each.after})
    unknown = [name for name, each in services.items() if each.state != "absent" and not _is_known(each)]
    if unknown:
        raise InputError(
            f"Nobody knows which image {', '.join(unknown)} ran in deployment {number}: it was built or pulled then.",
            "Deploy the files of that time anew.",
        )
    return _plan(ws, Goal(services, wanted), held[-1][1], f"deployment {number}", to=number)


def _is_known(each: DeployedService) -> bool:
    return each.job or bool(each.before.image_id)


def _plan(ws: Workspace, goal: Goal, newest: DeployRecord, what: str, *, undoes: str = "", to: str = "") -> Plan:
    refuse_released(ws, tuple(goal.services))
    gone = missing_images(ws, goal)
    if gone:
        raise InputError(
            f"The state {what} cannot be had again; gone: {'; '.join(gone)}.",
            "Pull or build that image under its old name, or go back to another deployment.",
        )
    environment = goal.record.environment if goal.record else newest.environment
    setting = setting_of(ws, newest.environment)
    names = [name for name in goal.services if name in setting.stack.model.services]
    record = record_of(ws, setting, names, Wish(), unknown=set(), goes_back_to=to or undoes)
    record = record.model_copy(update=_of_goal(goal, record) | {"environment": environment})
    containers = [each for each in ws.host.containers(setting.stack.name) if each.service in goal.services]
    return Plan(
        title=f"Go back to the state {what}" if undoes else f"Go back to {what}",
        steps=back_to(ws, setting, goal),
        project=setting.stack.name,
        reason=_reason(setting, goal),
        remarks=(*_emptied(goal), *left_alone(ws, setting, goal)),
        foreign=foreign(ws, containers),
        undoes=undoes,
        record=record.model_dump(mode="json"),
    )


def _of_goal(goal: Goal, now: DeployRecord) -> dict[str, Any]:
    """What the record of a way back says instead: what the services are to run, and the files that they get."""
    services = tuple(each.model_copy(update={"after": goal.services[each.service].before}) for each in now.services)
    if goal.record is None:
        return {"services": services}
    kept = ("files", "options", "variables", "image_variables", "commit")
    return {"services": services} | {name: getattr(goal.record, name) for name in kept}


def _emptied(goal: Goal) -> tuple[str, ...]:
    """A warning where nothing at all would run afterwards."""
    if any(each.state == "running" for each in goal.services.values()):
        return ()
    return ("Nothing ran before that deployment, so nothing runs afterwards: its containers are stopped or removed.",)


def _reason(setting: Setting, goal: Goal) -> str:
    jobs = [each.service for each in goal.services.values() if each.job]
    said = "Files, images and containers become what they were; volumes keep the data of now."
    if goal.record is None:
        said += " No deployment was recorded before, so the compose files only get the old images."
    if jobs:
        said += f" What the jobs {', '.join(jobs)} did is not taken back."
    return f"{said} Environment: {goal.record.environment if goal.record else setting.environment}."
