"""What stands against a plan while a release is under way: the proxy names both of its containers."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Argv, Check, Engine, Observe, Plan, Probe, Restore, Step, WaitHealthy, Write
from docker_agent.domains.release.record import ReleaseRecord, releases
from docker_agent.host.entry import Entry
from docker_agent.project.workspace import Workspace


def release_findings(plan: Plan, ws: Workspace) -> Iterator[Finding]:
    """A finding for each release under way that a plan would come between, and for one that it takes back too late.

    What it touches is found from its steps: Compose would remove or make new what the proxy sends requests to, and a
    release stops at a file that somebody else changed. A release may be gone on with and taken back.
    """
    if not plan.changes:
        return
    found = list(releases(ws))
    for at, (entry, record) in enumerate(found):
        if plan.undoes == entry.id:
            yield from (
                _too_late(entry, record, newer) for newer, other in found[at + 1 :] if _holds(newer, other, record)
            )
        elif plan.continues != entry.id and entry.unended:
            names = _names(ws, entry, record)
            if any(_reaches(ws, step, names) for step in plan.changes):
                yield _under_way(entry, record)


def _under_way(entry: Entry, record: ReleaseRecord) -> Finding:
    service = record.service
    fix = f"Take it back first: docker-agent release abort {service}."
    if entry.unended == "running":
        fix = "Wait until it has ended, or stop it first."
    elif entry.status == "applied":
        fix = f"Take it back to its end first: docker-agent undo {entry.id}."
    elif entry.status == "interrupted" and not entry.undo_status:
        fix = f"End it first: docker-agent release resume {service}, or docker-agent release abort {service}."
    how = "failed and was not taken back" if entry.unended == "failed" else "is under way"
    return Finding(
        code="release-under-way",
        severity=Severity.ERROR,
        object=service,
        message=f"A release of {service} {how}, and this would change what it relies on.",
        fix=fix,
        evidence=(Evidence("journal", f"journal entry {entry.id}", entry.status),),
    )


def _holds(newer: Entry, other: ReleaseRecord, record: ReleaseRecord) -> bool:
    return other.service == record.service and newer.changed and not newer.undone_by


def _too_late(entry: Entry, record: ReleaseRecord, newer: Entry) -> Finding:
    return Finding(
        code="release-newer",
        severity=Severity.ERROR,
        object=record.service,
        message=f"{record.service} was released again after entry {entry.id}, so that is not what would be taken back.",
        fix="Go back from the newest: docker-agent release rollback, or docker-agent release status.",
        evidence=(Evidence("journal", f"journal entry {newer.id}", newer.status),),
    )


def _names(ws: Workspace, entry: Entry, record: ReleaseRecord) -> set[str]:
    """What a release relies on: its service, its containers, its proxy, and the files that it writes."""
    steps = (*entry.plan.steps, *entry.plan.rollback)
    files = {_file(step) for step in steps if isinstance(step, Write)}
    return {record.service, record.old, record.new, *_container(ws, record.proxy), *files}


def _reaches(ws: Workspace, step: Step, names: set[str]) -> bool:
    match step:
        case Write() | Restore():
            return _file(step) in names
        case Engine(action="container_reload"):
            return False
        case Engine():
            return not names.isdisjoint((*step.touches, *_container(ws, step.target)))
        case Argv():
            whole = step.argv[:2] == ("docker", "compose") and _names_nothing(step.argv[-1])
            return whole or not names.isdisjoint((*step.touches, *step.argv))
        case WaitHealthy() | Probe() | Observe() | Check():
            return False


def _file(step: Write | Restore) -> str:
    return f"file:{posixpath.normpath(step.path)}"


def _container(ws: Workspace, name: str) -> tuple[str, ...]:
    """The names by which a container may be meant, its service among them."""
    try:
        container = ws.host.container(name)
    except InputError:
        return (name,)
    return tuple(filter(None, (name, container.name, container.service)))


def _names_nothing(last: str) -> bool:
    """Whether a command of Compose with this last word is about the whole stack."""
    return last.startswith("-") or last.isdigit() or last in {"up", "down", "restart", "stop", "rm", "start", "create"}
