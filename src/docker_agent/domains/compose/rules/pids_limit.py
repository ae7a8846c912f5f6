"""Services that may start any number of processes."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.project.compose.model import ComposeModel

PATHS = (("pids_limit",), ("deploy", "resources", "limits", "pids"))


@rule(severity=Severity.INFO, area="production", hardening=True)
def pids_limit(model: ComposeModel) -> Iterator[Finding]:
    """A service has no limit on its processes.

    Why
    ---
    A fork bomb, or a server that starts a process for each request and never waits for one, takes the process numbers
    of the whole host; nobody can log in any more.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            pids_limit: 200
          app:
            image: app:1
            deploy: {resources: {limits: {pids: 200}}}

    Instead
    -------
    Set `pids_limit` well above what `docker stats` shows; threads count too, so that Java and browsers need thousands.

    See
    ---
    CIS Docker Benchmark 5.29
    """
    for service in model.services.values():
        written = any(model.node(("services", service.name, *path)) is not None for path in PATHS)
        if not written and is_known(service):
            yield fault(
                model,
                service.place,
                service.name,
                f"{service.name} has no limit on its processes.",
                "Set pids_limit, such as 200.",
            )
