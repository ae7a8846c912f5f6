"""Services that run as whatever user their image says, often root."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.project.compose.model import ComposeModel

# Images whose server does not run as root by itself, by the last part of their name.
OWN_USER = frozenset(
    {"postgres", "postgis", "postgresql", "mysql", "mariadb", "mongo", "redis", "valkey", "memcached", "rabbitmq"}
    | {"elasticsearch", "opensearch", "kibana", "logstash", "cassandra", "neo4j", "influxdb", "couchdb", "clickhouse"}
    | {"grafana", "prometheus", "alertmanager", "node-exporter", "blackbox-exporter", "loki", "tempo", "mimir", "kafka"}
    | {"keycloak", "vault", "consul", "sonarqube", "jenkins", "nexus3", "n8n", "pgadmin4", "solr", "zookeeper", "etcd"}
    | {"nginx-unprivileged", "authelia", "ntfy", "cloudflared", "victoria-metrics", "gotenberg", "ghost", "nats"}
)
USER_VARIABLES = frozenset({"PUID", "UID", "USER_ID", "USERMAP_UID", "PGID"})


@rule(severity=Severity.INFO, area="security", hardening=True)
def user_unset(model: ComposeModel) -> Iterator[Finding]:
    """A service does not say which user it runs as.

    Why
    ---
    Then the image decides, and most images say nothing, which is root. Root in a container is root for mounted files,
    and root on the host after the next kernel fault. What an image says of itself cannot be seen from the compose file,
    so this is a hint; images known to step down by themselves, and those that take `PUID`, are not flagged. Services
    that are built here are told by their Dockerfile.

    Flagged
    -------
        services:
          app:
            image: registry.example.org/app:1

    Fine
    ----
        services:
          app:
            image: registry.example.org/app:1
            user: "10001:10001"
          db:
            image: postgres:17.2

    Instead
    -------
    `docker image inspect -f '{{.Config.User}}' IMAGE` says what it runs as. If that is empty set `user:` to a number
    that no account of the host has, and give it the files that it writes. Fine to ignore where the image names a user.

    See
    ---
    CIS Docker Benchmark 4.1 · OWASP Docker Security Cheat Sheet, rule 2 · root_user
    """
    for service in model.services.values():
        if "user" in service.raw.index or service.build or not is_known(service):
            continue
        if image_name(service.image) in OWN_USER or not USER_VARIABLES.isdisjoint(service.environment):
            continue
        found = fault(
            model,
            service.place,
            service.name,
            f"{service.name} does not say which user it runs as.",
            'Set user: "10001:10001" or the like, unless the image names one.',
        )
        yield replace(found, confidence="possible")
