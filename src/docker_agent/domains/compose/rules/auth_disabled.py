"""Servers that are told to ask nobody for a password."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.published import open_ports
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Node, Place, Scalar, Sequence
from docker_agent.project.compose.types import Service

YES = frozenset({"true", "yes", "1", "on"})
NO = frozenset({"false", "no", "0", "off"})

# Variables that switch the question for a password off, with the values that do.
VARIABLES = {
    "POSTGRES_HOST_AUTH_METHOD": frozenset({"trust"}),
    "NEO4J_AUTH": frozenset({"none"}),
    "ALLOW_NONE_AUTHENTICATION": YES,
    "ALLOW_ANONYMOUS_LOGIN": YES,
    "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": YES,
    "DISABLE_SECURITY_PLUGIN": YES,
    "plugins.security.disabled": YES,
    "xpack.security.enabled": NO,
    "INFLUXDB_HTTP_AUTH_ENABLED": NO,
    "ME_CONFIG_BASICAUTH": NO,
    "ME_CONFIG_BASICAUTH_ENABLED": NO,
    "PGADMIN_CONFIG_SERVER_MODE": NO,
    "WEBUI_AUTH": NO,
}

# These allow an empty password, which counts where none is set.
EMPTY = frozenset(
    {"MYSQL_ALLOW_EMPTY_PASSWORD", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "MARIADB_ALLOW_EMPTY_PASSWORD"}
    | {"ALLOW_EMPTY_PASSWORD"}
)
# Traefik then serves its dashboard on a port of its own.
INSECURE = "--api.insecure=true"
DASHBOARD = 8080
WORDS = ("--skip-grant-tables", "--noauth", "--auth=none", "--auth none", "--protected-mode no", INSECURE)
NO_TOKEN = ("--NotebookApp.token=", "--ServerApp.token=", "--IdentityProvider.token=")


@rule(severity=Severity.WARN, area="security")
def auth_disabled(model: ComposeModel) -> Iterator[Finding]:
    """A server is told to ask nobody for a password, though others can reach it.

    Why
    ---
    Whoever reaches the port is its administrator: reads and deletes the data of a database, runs code in a notebook,
    sees every route and service name in Traefik. Such servers are found by robots within a day. Where no port of the
    service is open on the host this is a remark: then only the other containers of its networks get there, and whoever
    breaks into one of them.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2
            environment:
              POSTGRES_HOST_AUTH_METHOD: trust
            ports: ["5432:5432"]

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            environment:
              POSTGRES_PASSWORD_FILE: /run/secrets/db_password
            ports: ["127.0.0.1:5432:5432"]
          sql:
            image: mariadb:11.8
            environment:
              MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: "no"
              MARIADB_ROOT_PASSWORD_FILE: /run/secrets/root_password

    Instead
    -------
    Set a password by a secret. Where a proxy asks for it already, take the port out or publish it to 127.0.0.1. Fine to
    ignore for a test database that lives for minutes.

    See
    ---
    sensitive_port_public, unbound_port
    """
    for service in model.services.values():
        for place, switch in _switches(model, service):
            is_open = _is_open(model, service, switch)
            whom = "everyone who reaches the host" if is_open else "everything on its networks"
            message = f"{service.name} serves {whom} without a password: {switch}."
            what = switch.partition(" has ")[2] or switch.partition(" is ")[0]
            found = fault(model, place, service.name, message, f"Take {what} out, and set a password.")
            yield found if is_open else replace(found, severity=Severity.INFO)


def _is_open(model: ComposeModel, service: Service, switch: str) -> bool:
    if service.network_mode == "host":
        return True
    ports = open_ports(model, service)
    return any(port.target == DASHBOARD or INSECURE not in switch for port in ports)


def _switches(model: ComposeModel, service: Service) -> Iterator[tuple[Place, str]]:
    for key, value in service.environment.items():
        off = VARIABLES.get(key)
        if value and ((off and value.lower() in off) or (key in EMPTY and not _has_password(service))):
            node = model.node(("services", service.name, "environment", key))
            if isinstance(node, Scalar) and not node.unset:
                yield node.place, f"{key} is {value}"
    for key in ("command", "entrypoint"):
        node = service.raw.get(key)
        if node is not None:
            items = _scalars(node)
            text = " ".join(item.value for item in items)
            word = next((word for word in WORDS if f"{word} " in f"{text} "), "") or _empty_token(text)
            if word:
                place = next((item.place for item in items if word.split(" ")[0] in item.value), node.place)
                yield place, f"{key} has {word}"


def _has_password(service: Service) -> bool:
    """Whether any other variable of the service brings a password, if only by the name of a file."""
    return any("PASSWORD" in key and key not in EMPTY and value != "" for key, value in service.environment.items())


def _empty_token(text: str) -> str:
    for option in NO_TOKEN:
        _, found, rest = text.partition(option)
        if found and rest.partition(" ")[0] in {"", "''", '""'}:
            return option
    return ""


def _scalars(node: Node) -> list[Scalar]:
    items = node.items if isinstance(node, Sequence) else (node,)
    return [item for item in items if isinstance(item, Scalar)]
