"""Databases that are killed while they still write."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.data_folders import data_folder
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value

USUAL = "1m"


@rule(severity=Severity.INFO, area="production", hardening=True)
def stop_grace_missing(model: ComposeModel) -> Iterator[Finding]:
    """A database has ten seconds to stop.

    Why
    ---
    The engine kills a container ten seconds after it has asked it to stop. A database with much in memory is not done
    writing by then, and repairs itself at the next start, which takes minutes when it works at all.

    Flagged
    -------
        services:
          db:
            image: mysql:8.4

    Fine
    ----
        services:
          db:
            image: mysql:8.4
            stop_grace_period: 1m
          cache:
            image: redis:8

    Instead
    -------
    Set `stop_grace_period: 1m`; a database that is done sooner stops sooner.
    """
    for service in model.services.values():
        if "stop_grace_period" not in service.raw.index and data_folder(service) and is_known(service):
            yield fault(
                model,
                service.place,
                service.name,
                f"{service.name} is killed ten seconds after it is asked to stop.",
                f"Set stop_grace_period: {USUAL}.",
            )


@stop_grace_missing.fix("behaviour")
def add_grace(model: ComposeModel, finding: Finding) -> list[Edit]:
    """A minute to stop."""
    return set_service_value(model, finding.object, ("stop_grace_period",), USUAL)
