"""Services that wait for the health of one that tells none."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.dockerfile.build import build_of
from docker_agent.domains.compose.facts.data_folders import repository
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service

# Official images, which by the rules of Docker's library bring no health check of their own.
WITHOUT = frozenset(
    {"postgres", "mysql", "mariadb", "mongo", "redis", "rabbitmq", "memcached", "nginx", "httpd", "caddy", "traefik"}
    | {
        "elasticsearch",
        "influxdb",
        "neo4j",
        "couchdb",
        "cassandra",
        "nats",
        "node",
        "python",
        "php",
        "alpine",
        "busybox",
    }
    | {"debian", "ubuntu", "golang", "ruby", "eclipse-temurin", "vault", "consul", "zookeeper", "wordpress", "adminer"}
)


@rule(severity=Severity.ERROR, area="conflict")
def healthy_without_healthcheck(model: ComposeModel) -> Iterator[Finding]:
    """A service waits until another is healthy that has no health check.

    Why
    ---
    `docker compose up` stops with "has no healthcheck configured", and nothing behind it starts. Of an image that is
    not known to have none this is only a remark, since it may bring its own; of an image that is built here the
    Dockerfile is asked.

    Flagged
    -------
        services:
          app:
            image: app:1
            depends_on:
              db: {condition: service_healthy}
          db:
            image: postgres:17.2

    Fine
    ----
        services:
          app:
            image: app:1
            depends_on:
              db: {condition: service_healthy}
          db:
            image: postgres:17.2
            healthcheck:
              test: [CMD, pg_isready, -U, postgres]

    Instead
    -------
    Add a `healthcheck` with a tool that the image has, or wait only for the start: `condition: service_started`.
    """
    for service in model.services.values():
        for dependency in service.depends_on:
            other = model.services.get(dependency.service)
            if dependency.condition != "service_healthy" or other is None or not is_known(other):
                continue
            verdict = _verdict(model, other)
            if verdict is None:
                continue
            severity, why = verdict
            found = fault(
                model,
                model.key_place(("services", service.name, "depends_on", other.name)),
                service.name,
                f"{service.name} waits for {other.name} to be healthy, {why}.",
                f"Add a healthcheck to {other.name}, or wait for service_started.",
            )
            yield replace(
                found, severity=severity, confidence="possible" if severity is Severity.INFO else found.confidence
            )


def _verdict(model: ComposeModel, service: Service) -> tuple[Severity, str] | None:
    check = service.healthcheck
    if check is not None and check.disabled:
        return Severity.ERROR, "and its health check is switched off"
    if check is not None and check.test:
        return None
    if service.build is not None:
        build = build_of(model, service.name)
        if build is None or build.last("HEALTHCHECK") is not None:
            return None
        return Severity.INFO, "and neither the file nor its Dockerfile has a health check"
    if repository(service.image) in WITHOUT:
        return Severity.ERROR, "and it has no health check"
    return Severity.INFO, "and only its image could have a health check"
