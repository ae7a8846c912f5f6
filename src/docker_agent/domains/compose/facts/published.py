"""Which published ports everybody can reach, and which of them are meant for nobody outside."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import PublishedPort, Service

EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound

# Ports that are published in order to be reached by everybody: web, mail, names, addresses, time, VPN, calls, games and
# exchange between peers.
PUBLIC = frozenset(
    {
        25,
        53,
        67,
        80,
        110,
        123,
        143,
        443,
        465,
        500,
        547,
        587,
        784,
        853,
        993,
        995,
        1194,
        1701,
        3478,
        4500,
        5060,
        5061,
        5222,
        5269,
    }
    | {5349, 6881, 8448, 19132, 21027, 22000, 25565, 27015, 41641, 51413, 51820, 64738}
)

# Container ports where a server gives away data or rights, with what it is.
SENSITIVE = {
    445: "SMB file shares",
    1433: "SQL Server",
    1521: "Oracle Database",
    2049: "NFS",
    2375: "the Docker API without TLS",
    2376: "the Docker API",
    2379: "etcd",
    2380: "etcd",
    3306: "MySQL or MariaDB",
    3389: "remote desktop",
    5432: "PostgreSQL",
    5672: "AMQP",
    5900: "VNC",
    5984: "CouchDB",
    6379: "Redis",
    10250: "a kubelet",
    11211: "memcached",
    15672: "RabbitMQ's administration",
    27017: "MongoDB",
    28015: "RethinkDB",
}

# The same for numbers that others use too: only where the image or the service is called so.
SENSITIVE_BY_NAME = {
    2181: ("ZooKeeper", ("zookeeper",)),
    4369: ("Erlang's port mapper", ("rabbitmq",)),
    7687: ("Neo4j", ("neo4j",)),
    8086: ("InfluxDB", ("influx",)),
    8123: ("ClickHouse", ("clickhouse",)),
    8500: ("Consul", ("consul",)),
    9000: ("ClickHouse", ("clickhouse",)),
    9042: ("Cassandra", ("cassandra", "scylla")),
    9092: ("Kafka", ("kafka", "redpanda")),
    9200: ("Elasticsearch or OpenSearch", ("elastic", "opensearch")),
    9300: ("Elasticsearch's cluster port", ("elastic", "opensearch")),
}

LONGEST_RANGE = 100

_BINDING = "com.docker.network.bridge.host_binding_ipv4"


def open_ports(model: ComposeModel, service: Service) -> Iterator[PublishedPort]:
    """The published ports of a service that listen on every interface of the host.

    With the host's network published ports are discarded, and a network may bind them elsewhere by an option.
    """
    if service.network_mode or not service.ports or _is_bound(model, service):
        return
    for port in service.ports:
        if port.host_ip in EVERYWHERE:
            yield port


def sensitive(service: Service, port: PublishedPort) -> str:
    """What listens behind a port that nobody outside should reach, empty where nothing is known of it."""
    for number in range(port.target, min(port.target_last, port.target + LONGEST_RANGE) + 1):
        if number in SENSITIVE:
            return SENSITIVE[number]
        what, names = SENSITIVE_BY_NAME.get(number, ("", ()))
        called = f"{service.image} {service.name}".lower() if names else ""
        if any(name in called for name in names):
            return what
    return ""


def is_public(port: PublishedPort) -> bool:
    """Whether a port is one that is published in order to be reached by everybody, on either side."""
    return port.first == port.last and (
        port.first in PUBLIC or (port.target in PUBLIC and port.target not in {80, 443})
    )


def shown(port: PublishedPort) -> str:
    """A port of the host as people write it; one that the engine chooses is told by the container's."""
    first, last = (port.first, port.last) if port.first else (port.target, port.target_last)
    numbers = f"{first}" if first == last else f"{first}-{last}"
    numbers = numbers if port.protocol == "tcp" else f"{numbers}/{port.protocol}"
    return numbers if port.first else f"a random port for {numbers}"


def _is_bound(model: ComposeModel, service: Service) -> bool:
    options = (
        (model.value(("networks", name, "driver_opts", _BINDING)) for name in service.networks or ("default",))
        if model.networks
        else ()
    )
    return any(str(option or "") not in EVERYWHERE for option in options)
