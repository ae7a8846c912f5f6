"""Remove the old version that a release kept, once nobody will go back to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Argv, Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.release.ready import refuse_under_way
from docker_agent.domains.release.record import latest
from docker_agent.domains.stack import foreign, stack_needed
from docker_agent.project.stack import compose_argv
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
    entry, record = latest(ws, service, ("applied",))
    refuse_under_way(ws, record.service)
    stack = stack_needed(ws)
    until = entry.time + sum(outcome.seconds for outcome in entry.steps) + 60 * record.keep_min
    if ws.host.now() < until and not now:
        when = datetime.fromtimestamp(until, UTC).strftime("%H:%M UTC")
        raise InputError(f"{record.old} is kept until {when}, for going back.", "Wait, or add --now.")
    stopped = [each for each in ws.host.containers(stack.name) if each.service == record.service and not each.running]
    if not stopped:
        return Plan(title=f"Nothing of {record.service} is left stopped", project=stack.name)
    names = tuple(each.name for each in stopped)
    remove = Argv(
        why=f"Remove {', '.join(names)}; volumes are kept.",
        touches=names,
        argv=compose_argv(stack, "rm", "--force", record.service),
        cwd=str(stack.directory),
    )
    return Plan(
        title=f"Remove what the release of {record.service} kept",
        steps=(remove,),
        project=stack.name,
        foreign=foreign(ws, stopped),
    )
