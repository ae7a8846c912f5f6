"""Services of which nobody knows whether they work."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import build_of
from docker_agent.domains.compose.facts.image_checks import check_of
from docker_agent.domains.compose.fault import fault, is_known, runs_once
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value


@rule(severity=Severity.INFO, area="production", hardening=True)
def healthcheck_missing(model: ComposeModel) -> Iterator[Finding]:
    """A service has no health check in the compose file.

    Why
    ---
    Without one, a container that hangs counts as running: nothing waits for it to be ready, no proxy takes it out, no
    deployment notices. The image may bring its own; then this is a remark that can be silenced. A service that others
    wait for to be healthy is told by healthy_without_healthcheck.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            healthcheck:
              test: [CMD, pg_isready, -U, postgres]

    Instead
    -------
    Add a `healthcheck` with a tool that the image has.
    """
    awaited = {
        dependency.service
        for service in model.services.values()
        for dependency in service.depends_on
        if dependency.condition == "service_healthy"
    }
    for service in model.services.values():
        if service.healthcheck is not None or not is_known(service) or runs_once(model, service):
            continue
        if service.name in awaited:
            continue
        build = build_of(model, service.name)
        if build is None or build.last("HEALTHCHECK") is None:
            found = fault(
                model,
                service.place,
                service.name,
                f"{service.name} has no health check.",
                "Add a healthcheck with a tool that the image has.",
            )
            yield replace(found, confidence="possible")


@healthcheck_missing.fix("behaviour")
def add_check(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Add the check of a known image; nothing for any other, whose tools are not known."""
    service = model.services[finding.object]
    test = check_of(service)
    if test is None or service.build or "healthcheck" in service.raw.index:
        return []
    value = {"test": test, "interval": "10s", "timeout": "5s", "retries": 5, "start_period": "30s"}
    return set_service_value(model, service.name, ("healthcheck",), value)
