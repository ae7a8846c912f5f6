"""Services of which nobody knows whether they work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import build_of
from docker_agent.domains.compose.fault import fault, is_known, runs_once
from docker_agent.project.compose import ComposeModel
from docker_agent.project.edit import Edit, set_service_value

# Checks with tools that the official images bring, that need no password, and that ask over the network, so that a
# server which is still being set up does not count.
CHECKS = {
    "postgres": 'pg_isready -q -h 127.0.0.1 -U "$${POSTGRES_USER:-postgres}"',
    "postgis/postgis": 'pg_isready -q -h 127.0.0.1 -U "$${POSTGRES_USER:-postgres}"',
    "redis": "redis-cli ping",
    "valkey/valkey": "valkey-cli ping",
    "mysql": "mysqladmin ping --silent -h 127.0.0.1",
    "mariadb": "mariadb-admin ping --silent -h 127.0.0.1",
    "rabbitmq": "rabbitmq-diagnostics -q ping",
}


@rule(severity=Severity.INFO, area="production")
def healthcheck_missing(model: ComposeModel) -> Iterator[Finding]:
    """A service has no health check in the compose file.

    Why
    ---
    Without one, a container that hangs counts as running: nothing waits for it to be ready, no proxy takes it out, no
    deployment notices. The image may bring its own; then this is a remark that can be silenced.

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
    for service in model.services.values():
        if service.healthcheck is not None or not is_known(service) or runs_once(model, service):
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
    check = CHECKS.get(_repository(service.image))
    if check is None or service.build or "healthcheck" in service.raw.index:
        return []
    value = {"test": ["CMD-SHELL", check], "interval": "10s", "timeout": "5s", "retries": 5, "start_period": "30s"}
    return set_service_value(model, service.name, ("healthcheck",), value)


def _repository(image: str) -> str:
    """The repository of an image of Docker Hub, without its tag."""
    name = image.partition("@")[0]
    head, _, last = name.rpartition("/")
    repository = f"{head}/{last.partition(':')[0]}".removeprefix("/")
    return repository.removeprefix("docker.io/").removeprefix("library/")
