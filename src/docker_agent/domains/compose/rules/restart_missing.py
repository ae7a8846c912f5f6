"""Services that stay down after they ended."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, is_known, runs_once
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value


@rule(severity=Severity.INFO, area="production", production=Severity.WARN)
def restart_missing(model: ComposeModel) -> Iterator[Finding]:
    """A service has no restart policy.

    Why
    ---
    It stays down after a crash and after a restart of the host. Jobs that others wait for to end are not flagged, and a
    written `restart: "no"` is a decision.

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
            restart: unless-stopped
            depends_on:
              migrate:
                condition: service_completed_successfully
          migrate:
            image: app:1

    Instead
    -------
    Set `restart: unless-stopped`, or `restart: "no"` for a job that runs once.
    """
    for service in model.services.values():
        decided = "restart" in service.raw.index or service.restart_condition
        if not decided and is_known(service) and not runs_once(model, service):
            yield fault(
                model,
                service.place,
                service.name,
                f"{service.name} has no restart policy.",
                'Set restart: unless-stopped, or restart: "no" for a job.',
            )


@restart_missing.fix("behaviour")
def add_restart(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Restart until somebody stops it."""
    return set_service_value(model, finding.object, ("restart",), "unless-stopped")
