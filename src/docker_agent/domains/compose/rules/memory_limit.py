"""Services that may take all of the host's memory."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.domains.compose.shared.limits import limit_path
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value

USUAL = "512m"
USUAL_BYTES = 512 << 20


@rule(severity=Severity.INFO, area="production", production=Severity.WARN, hardening=True)
def memory_limit(model: ComposeModel) -> Iterator[Finding]:
    """A service has no memory limit.

    Why
    ---
    One leak takes the memory of the whole host, and the kernel then kills whatever is biggest, often the database.

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
            deploy:
              resources:
                limits:
                  memory: 256m
          app:
            image: app:1
            mem_limit: 1g

    Instead
    -------
    Set a limit well above what the service needs at its busiest.

    See
    ---
    CIS Docker Benchmark 5.11
    """
    for service in model.services.values():
        if not service.memory and is_known(service) and not _is_set(model, service.name):
            yield fault(
                model,
                service.place,
                service.name,
                f"{service.name} has no memory limit.",
                f"Set deploy.resources.limits.memory or mem_limit, such as {USUAL}.",
            )


@memory_limit.fix("behaviour")
def add_limit(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Add a limit that most services stay below; whoever knows better names another."""
    if model.services[finding.object].memory_reserved > USUAL_BYTES:
        return []
    return set_service_value(model, finding.object, limit_path(model, finding.object, "memory"), USUAL)


def _is_set(model: ComposeModel, service: str) -> bool:
    """Whether a limit is written, if only by a variable without a value or as 0."""
    paths = (("mem_limit",), ("deploy", "resources", "limits", "memory"))
    return any(model.value(("services", service, *path)) is not None for path in paths)
