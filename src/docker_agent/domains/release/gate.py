"""What stands against a plan while a release is under way: the proxy names both of its containers."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.domains.release.record import releases
from docker_agent.project.workspace import Workspace


def release_findings(plan: Plan, ws: Workspace) -> Iterator[Finding]:
    """A finding for each release under way whose service or containers a plan touches, unless it is a release itself.

    Compose would remove or make new what the proxy sends requests to.
    """
    if not plan.changes or plan.record.get("kind") == "release":
        return
    touched = set(plan.touches)
    for entry, record in releases(ws):
        if entry.unended and touched & {record.service, record.old, record.new}:
            yield Finding(
                code="release-under-way",
                severity=Severity.ERROR,
                object=record.service,
                message=f"A release of {record.service} is under way, and the proxy names both of its containers.",
                fix="End it first: docker-agent release resume, or docker-agent release abort.",
                evidence=(Evidence("file", f"journal entry {entry.id}", entry.status),),
            )
