"""Make the plan that mends one finding of the diagnosis."""

from __future__ import annotations

from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Argv, Plan, Risk, Write
from docker_agent.core.tool import tool
from docker_agent.domains.diagnose.causes import explain
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import catalogue, examine
from docker_agent.domains.stack import nothing_here
from docker_agent.project.stack_inputs import inputs_of
from docker_agent.project.workspace import Workspace

MESSAGE = "message"


@tool(
    risk=Risk.CHANGE,
    untrusted="words of container logs",
    examples=("docker-agent diagnose fix exit-137-oom web",),
)
def fix(
    ws: Workspace,
    code: Annotated[str, "The finding's code, such as exit-137-oom."],
    service: Annotated[str, "The finding's object: a service or container."],
) -> Plan:
    """Plan to mend one finding of `diagnose`: change the compose file, make the service new, wait until it is well.

    Looks again first, so a plan is made only for what is still wrong. Data is never deleted, and the file can be put
    back. Where only a person can decide, the answer says what there is to do.
    """
    known = catalogue()
    if code not in known:
        raise InputError(f"There is no signature {code!r}.", "Take the code of a finding of `diagnose`.")
    if service == MESSAGE:
        raise InputError(
            f"{code} was read from a message, and no plan is made of words alone.",
            "Do what its `fix` says, or diagnose without a message: what the containers show of it may have a plan. "
            f"It means: {known[code].summary}",
        )
    snapshot = collect(ws)
    if nothing := nothing_here(ws, snapshot.containers):
        raise nothing
    findings = examine(snapshot)
    finding = next((each for each in findings if each.code == code and each.object == service), None)
    if finding is None:
        raise InputError(f"{service} does not show {code} now.", _say_found(findings))
    cause = next((why for each, why in explain(snapshot, findings).symptoms if each is finding), None)
    if cause is not None:
        raise InputError(f"{code} of {service} is a symptom of {cause.code} of {cause.object}.", _say_first(cause))
    mend = known[code].mend
    plan = mend(snapshot, finding) if mend else None
    if plan is None:
        raise InputError(f"{code} of {service} cannot be mended by a plan.", f"What a person can do: {finding.fix}")
    if snapshot.stack is None or not any(isinstance(step, Argv) for step in plan.steps):
        return plan
    written = {step.path for step in plan.steps if isinstance(step, Write)}
    inputs = inputs_of(snapshot.stack, ws.host.read_file)
    return plan.model_copy(update={"inputs": {path: sha for path, sha in inputs.items() if path not in written}})


def _say_first(cause: Finding) -> str:
    if cause.fixable:
        return f"Mend that first: diagnose_fix with code {cause.code} and service {cause.object}."
    return f"Mend that first; what a person can do: {cause.fix}"


def _say_found(findings: list[Finding]) -> str:
    if not findings:
        return "Nothing is wrong any more."
    return f"Found now: {', '.join(f'{each.code} ({each.object})' for each in findings[:5])}."
