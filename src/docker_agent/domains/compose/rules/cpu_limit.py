"""Services that may take all of the host's processors."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.domains.compose.shared.limits import limit_path
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value

PATHS = (("cpus",), ("cpu_quota",), ("deploy", "resources", "limits", "cpus"))


@rule(severity=Severity.INFO, area="production", hardening=True)
def cpu_limit(model: ComposeModel) -> Iterator[Finding]:
    """A service has no CPU limit.

    Why
    ---
    One busy loop makes everything else on the host slow, health checks included.

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
            cpus: 0.5
          app:
            image: app:1
            deploy:
              resources:
                limits:
                  cpus: "2"

    Instead
    -------
    Set `deploy.resources.limits.cpus` to what the service may take at most.

    See
    ---
    CIS Docker Benchmark 5.12
    """
    for service in model.services.values():
        written = any(model.value(("services", service.name, *path)) is not None for path in PATHS)
        if not written and is_known(service):
            yield fault(
                model,
                service.place,
                service.name,
                f"{service.name} has no CPU limit.",
                'Set deploy.resources.limits.cpus or cpus, such as "1".',
            )


@cpu_limit.fix("behaviour")
def add_limit(model: ComposeModel, finding: Finding) -> list[Edit]:
    """One processor, unless more are reserved; whoever knows better names another number."""
    if model.services[finding.object].cpus_reserved > 1:
        return []
    path = limit_path(model, finding.object, "cpus")
    return set_service_value(model, finding.object, path, 1 if len(path) == 1 else "1")
