"""Look at the whole stack once and name what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from docker_agent.core.errors import EngineUnreachable, InputError
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Risk
from docker_agent.core.tool import tool
from docker_agent.domains.diagnose.answering import is_heard, message_first
from docker_agent.domains.diagnose.causes import Explained, explain
from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.evidence import label
from docker_agent.domains.diagnose.rank import examination, plan_for
from docker_agent.domains.diagnose.saying import said, unheard
from docker_agent.domains.diagnose.snapshot import SETTLED_S, Snapshot
from docker_agent.domains.stack import nothing_here, resolve_all
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace

ANSWER_CHARS = 4_000
MAX_LINE_CHARS = 160
MAX_SYMPTOMS = 12
NOTHING = "nothing wrong found"
UNKNOWN = "the message is none that is known; the stack itself: "
UNHEARD = "message: no known failure speaks like this, so read its own words"


class Symptom(BaseModel):
    """What another finding explains: mend that one, and this goes too."""

    model_config = ConfigDict(frozen=True)

    object: str
    code: str
    message: str
    because: str


class Diagnosis(BaseModel):
    """What was found, causes first.

    Attributes
    ----------
    findings: the causes, worst first.
    plan: what `diagnose_fix` would do for the first one, step by step.
    symptoms: what these causes explain.
    whose: whose containers these are, where they are another's.
    also: further causes in a line each, and faults of services that were not asked for.
    """

    model_config = ConfigDict(frozen=True)

    project: str
    summary: str
    findings: tuple[Finding, ...] = ()
    plan: tuple[str, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    also: tuple[str, ...] = ()
    whose: str = ""
    looked_at: str = ""
    not_looked_at: tuple[str, ...] = ()


@tool(
    risk=Risk.READ,
    untrusted="container logs and health output",
    examples=(
        "docker-agent diagnose",
        "docker-agent diagnose web --json",
        "docker-agent diagnose --message 'Bind for 0.0.0.0:80 failed: port is already allocated'",
        "docker compose up -d 2>&1 | docker-agent diagnose --message -",
        "docker-agent diagnose fix exit-137-oom web",
    ),
)
def diagnose(
    ws: Workspace,
    service: Annotated[str, "Keep to this service or container; empty for the whole stack."] = "",
    message: Annotated[str, "What docker, compose or a build said when it failed: its cause is named."] = "",
) -> Diagnosis:
    """Find out why something does not run, restarts, is unhealthy or was killed.

    Looks once at states, events, logs, health output, limits and the compose file, and compares them with known
    failures. Each finding has its cause, the evidence with the place where it was read, and what to do; where `fixable`
    is true, `diagnose_fix` with its code and object makes the plan. `symptoms` go away with their cause.
    """
    if message and not message.strip():
        raise InputError("The message is empty.", "Hand over what was printed, or leave it out to look at the stack.")
    try:
        chosen = resolve_all(ws, service) if service else []
        foreign = [each.name for each in chosen if not ws.owns_container(each)]
        snapshot = collect(ws, foreign, message=message)
    except EngineUnreachable as error:
        if not message:
            raise
        chosen, foreign = [], []
        snapshot = Snapshot(ws.project, ws.root, ws.host.now(), messages=said(message))
        snapshot = replace(snapshot, not_looked_at=(*unheard(snapshot.messages), f"engine: {error.message}"))
    if not message.strip() and (nothing := nothing_here(ws, snapshot.containers)):
        raise nothing
    examined = examination(snapshot)
    found = list(examined.findings)
    snapshot = replace(snapshot, not_looked_at=(*examined.missed, *snapshot.not_looked_at))
    explained = message_first(snapshot, explain(snapshot, found))
    if message and not snapshot.refused and not any(map(is_heard, found)):
        snapshot = replace(snapshot, not_looked_at=(UNHEARD, *snapshot.not_looked_at))
    elsewhere: list[Finding] = []
    if chosen and not foreign:
        whole = explained
        told = {each.object for each in found if is_heard(each)}
        explained = whole.about(frozenset({*told, *(label(snapshot, each) for each in chosen)}))
        faults = [each for each in whole.causes if each.severity is Severity.ERROR]
        elsewhere = [each for each in faults if each not in explained.causes] if explained.causes else []
    asked = frozenset(label(snapshot, each) for each in chosen or snapshot.containers)
    answer = _fitting(ws, snapshot, explained, elsewhere, asked)
    return answer.model_copy(update=_owner(ws, chosen[0])) if foreign else answer


def _owner(ws: Workspace, container: Container) -> dict[str, str]:
    owner = f"project {container.project}" if container.project else "no project"
    return {"project": container.project, "whose": f"{container.name} belongs to {owner}, not to {ws.project}"}


def _fitting(
    ws: Workspace, snapshot: Snapshot, explained: Explained, elsewhere: Sequence[Finding], asked: frozenset[str]
) -> Diagnosis:
    """As many causes in full as fit into the answer, at least one; the rest in a line each."""
    causes = explained.causes
    count = len(causes)
    while True:
        answer = Diagnosis(
            project=snapshot.project,
            summary=(UNKNOWN if UNHEARD in snapshot.not_looked_at else "") + _summary(snapshot, explained, asked),
            findings=causes[:count],
            plan=_planned(ws, snapshot, causes),
            symptoms=tuple(_symptom(ws, *each) for each in explained.symptoms[:MAX_SYMPTOMS]),
            also=tuple(_in_a_line(ws, each) for each in (*causes[count:], *elsewhere)[:10]),
            looked_at=_looked_at(snapshot),
            not_looked_at=snapshot.not_looked_at[:10],
        )
        if count <= 1 or len(answer.model_dump_json()) <= ANSWER_CHARS:
            return answer
        count -= 1


def _planned(ws: Workspace, snapshot: Snapshot, causes: tuple[Finding, ...]) -> tuple[str, ...]:
    """The reasons of the steps that would mend the first cause; nothing where only a person can."""
    plan = plan_for(snapshot, causes[0]) if causes and causes[0].fixable else None
    return tuple(ws.quote(step.why, MAX_LINE_CHARS) for step in plan.steps) if plan else ()


def _symptom(ws: Workspace, finding: Finding, cause: Finding) -> Symptom:
    because = f"{cause.object} {cause.code}"
    return Symptom(
        object=finding.object, code=finding.code, message=ws.quote(finding.message, MAX_LINE_CHARS), because=because
    )


def _in_a_line(ws: Workspace, finding: Finding) -> str:
    return ws.quote(f"{finding.code} {finding.object}: {finding.message}", MAX_LINE_CHARS)


def _summary(snapshot: Snapshot, explained: Explained, asked: frozenset[str]) -> str:
    if not snapshot.containers and not explained.causes:
        if snapshot.engine is None and any(each.startswith("engine: ") for each in snapshot.not_looked_at):
            return "no engine answers"
        return f"no container of {snapshot.project or 'this project'} exists yet; start it with `docker-agent stack up`"
    if not explained.causes:
        return NOTHING + _so_far(snapshot, asked)
    errors = sum(each.severity is Severity.ERROR for each in explained.causes)
    counts = [_count(errors, "fault"), _count(len(explained.causes) - errors, "warning")]
    first = explained.causes[0]
    caused = sum(cause is first for _, cause in explained.symptoms)
    tail = f" ({_count(caused, 'symptom')} of it elsewhere)" if caused else ""
    return f"{' and '.join(each for each in counts if each)}; first {first.object}: {first.message}{tail}"


def _so_far(snapshot: Snapshot, asked: frozenset[str]) -> str:
    """Who of those that were asked for is too young to be judged: not yet healthy, or started seconds ago."""
    running = [each for each in snapshot.containers if each.running and each.health != "healthy"]
    young = [
        label(snapshot, each) for each in running if each.health == "starting" or 0 < snapshot.uptime(each) < SETTLED_S
    ]
    names = [name for name in young if name in asked]
    if not names:
        return ""
    several = f"{', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
    return f" so far; {several} {'is' if len(names) == 1 else 'are'} still starting"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}" if number else ""


def _looked_at(snapshot: Snapshot) -> str:
    healthy = sum(each.running and not snapshot.broken(each) for each in snapshot.containers)
    lines = sum(len(log) for log in snapshot.logs.values())
    return (
        f"{len(snapshot.containers)} containers ({healthy} well), {lines} log lines, {len(snapshot.events)} events, "
        f"{'the compose file' if snapshot.model else 'no compose file'}"
    )
