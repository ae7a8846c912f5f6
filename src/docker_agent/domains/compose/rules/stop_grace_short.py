"""Databases whose time to stop is too short."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value

# Seconds that a clean stop may take, by the last part of the image's name.
NEEDED = {
    "postgres": 60,
    "postgis": 60,
    "pgvector": 60,
    "timescaledb": 60,
    "mysql": 60,
    "mariadb": 60,
    "percona": 60,
    "mongo": 60,
    "elasticsearch": 60,
    "opensearch": 60,
    "cassandra": 60,
    "redis": 30,
    "valkey": 30,
    "rabbitmq": 30,
}


@rule(severity=Severity.WARN, area="production")
def stop_grace_short(model: ComposeModel) -> Iterator[Finding]:
    """A database is given less time to stop than it may need.

    Why
    ---
    Whoever wrote `stop_grace_period` shortened, or hardly lengthened, the ten seconds that everything gets. A database
    that is killed before it has written its last checkpoint repairs itself at the next start, and a deployment that
    makes it new waits for that. A long period costs nothing: a database that is done sooner stops sooner.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2
            stop_grace_period: 5s

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            stop_grace_period: 1m
          cache:
            image: redis:8.2
            stop_grace_period: 30s
          web:
            image: nginx:1.29
            stop_grace_period: 5s

    Instead
    -------
    Set `stop_grace_period` to a minute, or half a minute for Redis and RabbitMQ. Where the key is left out altogether
    it is stop_grace_missing.
    """
    for service in model.services.values():
        needed, given = NEEDED.get(image_name(service.image), 0), service.stop_grace_period_s
        if not service.build and given is not None and given < needed:
            yield fault(
                model,
                model.place(("services", service.name, "stop_grace_period")),
                service.name,
                f"{service.name} is killed {given:g} seconds after it is asked to stop; it may need {needed}.",
                f"Set stop_grace_period: {needed}s.",
            )


@stop_grace_short.fix("behaviour")
def lengthen(model: ComposeModel, finding: Finding) -> list[Edit]:
    """As long as it may need."""
    needed = NEEDED[image_name(model.services[finding.object].image)]
    return set_service_value(model, finding.object, ("stop_grace_period",), f"{needed}s")
