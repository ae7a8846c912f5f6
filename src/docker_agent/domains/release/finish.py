"""Remove the old version that a release kept, once nobody will go back to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.release.ready import STILL, every_container, refuse_under_way
from docker_agent.domains.release.record import latest
from docker_agent.domains.release.steps import remove_stopped, should_serve
from docker_agent.domains.stack import foreign, stack_needed
from docker_agent.host.entry import Entry
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace


@tool(risk=Risk.CHANGE, examples=("docker-agent release finish", "docker-agent release finish web --now --yes"))
def finish(
    ws: Workspace,
    service: Annotated[str, "The service; that of the newest release where none is named."] = "",
    now: Annotated[bool, "Also before the time is over for which it was to be kept."] = False,
) -> Plan:
    """Plan to remove the stopped old version that a release kept; going back then means making a new container of it.

    The next release of the service does it by itself.
    """
    entry, record = latest(ws, service, "done")
    refuse_under_way(ws, record.service)
    stack = stack_needed(ws)
    everything = every_container(ws, stack, record.service)
    stopped = [each for each in everything if each.status in STILL]
    serving = [each for each in everything if each.running]
    if not stopped:
        return Plan(title=f"Nothing of {record.service} is left stopped", project=stack.name)
    if not serving:
        raise InputError(
            f"Nothing of {record.service} runs, so what is stopped ({', '.join(each.name for each in stopped)}) stays.",
            f"See `docker-agent diagnose {record.service}`.",
        )
    until = _stopped_at(entry, [each for each in stopped if each.name == record.old]) + 60 * record.keep_min
    if ws.host.now() < until and not now:
        when = datetime.fromtimestamp(until, UTC).strftime("%H:%M UTC")
        raise InputError(f"{record.old} is kept until {when}, for going back.", "Wait, or add --now.")
    return Plan(
        title=f"Remove what the release of {record.service} kept",
        steps=(
            *(should_serve(each) for each in serving),
            *(remove_stopped(each.name, f"Remove {each.name}; volumes are kept.") for each in stopped),
        ),
        project=stack.name,
        foreign=foreign(ws, stopped),
    )


def _stopped_at(entry: Entry, kept: Sequence[Container]) -> float:
    """When the old version was stopped; its container knows it also where the release was resumed hours later."""
    for each in kept:
        if each.finished_at:
            return datetime.fromisoformat(each.finished_at).timestamp()
    return entry.time + sum(outcome.seconds for outcome in entry.steps)
