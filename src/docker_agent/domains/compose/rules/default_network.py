"""Services that share a network with what they have no business with."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import place_of
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service

# Images that face the internet and pass requests on, and images that keep data, by the last part of their name.
PROXIES = frozenset(
    {
        "traefik",
        "nginx",
        "nginx-unprivileged",
        "caddy",
        "haproxy",
        "envoy",
        "swag",
        "nginx-proxy-manager",
        "nginx-proxy",
    }
    | {"cloudflared", "kong", "bunkerweb", "angie"}
)
STORES = frozenset(
    {"postgres", "postgis", "postgresql", "pgvector", "timescaledb", "mysql", "mariadb", "percona", "mongo", "mongodb"}
    | {"redis", "valkey", "keydb", "memcached", "elasticsearch", "opensearch", "clickhouse", "cassandra", "influxdb"}
    | {"couchdb", "neo4j", "rabbitmq", "etcd", "mssql"}
)


@rule(severity=Severity.INFO, area="security")
def default_network(model: ComposeModel) -> Iterator[Finding]:
    """A proxy shares a network with a database, or a service uses the engine's own bridge.

    Why
    ---
    The proxy is what the internet talks to. On one network with the database it can try passwords there, and Redis and
    memcached ask for none; on a network of its own with the application it cannot. `network_mode: bridge` is worse: on
    the engine's docker0 the containers of all projects meet, and no service finds another by its name.

    Flagged
    -------
        services:
          proxy:
            image: caddy:2.10
            ports: ["443:443"]
          app:
            image: app:1
          db:
            image: postgres:17.2

    Fine
    ----
        services:
          proxy:
            image: caddy:2.10
            ports: ["443:443"]
            networks: [front]
          app:
            image: app:1
            networks: [front, back]
          db:
            image: postgres:17.2
            networks: [back]
        networks:
          front:
          back:
            internal: true

    Instead
    -------
    Two networks: one between proxy and application, one between application and database. `internal: true` on the
    second keeps the database off the internet as well. Fine to ignore where everything is on one machine for one
    person.

    See
    ---
    CIS Docker Benchmark 5.30 · OWASP Docker Security Cheat Sheet, rule 5
    """
    stores: dict[str, list[Service]] = {}
    for service in model.services.values():
        if image_name(service.image) in STORES:
            for network in _networks(service):
                stores.setdefault(network, []).append(service)
    for service in model.services.values():
        if service.network_mode == "bridge":
            place = model.place(("services", service.name, "network_mode"))
            message = f"{service.name} is on the engine's own bridge, where the containers of all projects meet."
            yield fault(model, place, service.name, message, "Take network_mode out.")
        elif stores and image_name(service.image) in PROXIES:
            shared = {store.name: store for network in _networks(service) for store in stores.get(network, ())}
            if shared:
                yield _meeting(model, service, list(shared.values()))


def _meeting(model: ComposeModel, proxy: Service, stores: list[Service]) -> Finding:
    names = " and ".join(store.name for store in stores)
    found = fault(
        model,
        place_of(proxy, "networks"),
        proxy.name,
        f"{proxy.name} shares a network with {names}, which only the application has to reach.",
        "Put the proxy and the application on one network, the application and the data on another.",
    )
    others = (Evidence(source="compose", where=str(store.place), quote=store.name) for store in stores)
    return replace(found, evidence=(*found.evidence, *others), confidence="likely")


def _networks(service: Service) -> tuple[str, ...]:
    return () if service.network_mode else service.networks or ("default",)
