"""Published ports that listen on every interface."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.published import is_public, open_ports, sensitive, shown
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel, Document, node_at
from docker_agent.project.compose.nodes import Mapping, Node, Scalar, Sequence
from docker_agent.project.compose.types import PublishedPort, Service
from docker_agent.project.edit.spans import replace_value
from docker_agent.project.edit.values import Edit, set_service_value

LOCAL = "127.0.0.1"


@rule(severity=Severity.INFO, area="security", production=Severity.WARN, hardening=True)
def unbound_port(model: ComposeModel) -> Iterator[Finding]:
    """A port is published on every interface of the host.

    Why
    ---
    `8080:80` listens on 0.0.0.0 and [::], the public address of a rented server included. The engine writes its own
    packet filter rules, which come before those of ufw and firewalld: `ufw deny 8080` changes nothing. Search engines
    for open ports find such a port within hours.

    Ports that are there for everybody are not flagged: web (80, 443), mail, DNS, VPN. Ports of databases and of other
    inner services are told by sensitive_port_public. A network whose option
    `com.docker.network.bridge.host_binding_ipv4` names an address is taken at its word.

    Flagged
    -------
        services:
          app:
            image: app:1
            ports: ["8080:80"]

    Fine
    ----
        services:
          app:
            image: app:1
            ports:
              - 127.0.0.1:8080:80
              - target: 9000
                published: 9000
                host_ip: 192.168.1.10
          proxy:
            image: caddy:2.10
            ports: ["80:80", "443:443", "443:443/udp"]

    Instead
    -------
    Publish to `127.0.0.1` and let a reverse proxy or an SSH tunnel reach it; services of the same file need no
    published port at all. `"ip": "127.0.0.1"` in daemon.json makes it the default of the engine. Before Engine 28
    neighbours on the same network segment could reach 127.0.0.1 ports too; keep the engine current. At home, where
    other machines are to reach it and the router lets nobody in, this is fine to ignore.

    See
    ---
    CIS Docker Benchmark 5.14 · OWASP Docker Security Cheat Sheet, rule 5a
    """
    for service in model.services.values():
        ports = _unbound(model, service)
        if not ports:
            continue
        names = ", ".join(dict.fromkeys(shown(port) for port in ports))
        found = fault(
            model,
            ports[0].place,
            service.name,
            f"{service.name} publishes {names} on every interface of the host.",
            f"Publish to {LOCAL}, where a proxy on the host can reach it.",
        )
        others = (Evidence(source="compose", where=str(port.place), quote=shown(port)) for port in ports[1:])
        yield replace(found, evidence=(*found.evidence, *others))


@unbound_port.fix("suggest")
def bind(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Publish all of the service's ports that were found to this machine only."""
    service = model.services[finding.object]
    places = {str(port.place) for port in _unbound(model, service)}
    node = service.raw.get("ports")
    items = [item for item in node.items if str(item.place) in places] if isinstance(node, Sequence) else []
    return [edit for item in items for edit in _bound(model, service.name, item)]


def _unbound(model: ComposeModel, service: Service) -> list[PublishedPort]:
    return [port for port in open_ports(model, service) if not is_public(port) and not sensitive(service, port)]


def _bound(model: ComposeModel, service: str, item: Node) -> list[Edit]:
    if isinstance(item, Mapping):
        place = _index(model.documents, service, item)
        return [] if place is None else set_service_value(model, service, ("ports", place, "host_ip"), LOCAL)
    if not isinstance(item, Scalar):
        return []
    written = item.written
    for everywhere in ("0.0.0.0:", "[::]:"):
        written = written.removeprefix(everywhere)
    text = f"{LOCAL}:{written}" if ":" in item.value else f"{LOCAL}::{written}"
    edit = replace_value(item.source, item, (item.start, item.end), text)
    return [edit] if edit else []


def _index(documents: tuple[Document, ...], service: str, item: Node) -> int | None:
    """Which of the service's ports an item is in the only file that has some, None where several have."""
    lists = [node_at(document.root, ("services", service, "ports")) for document in documents]
    having = [ports for ports in lists if isinstance(ports, Sequence)]
    if len(having) != 1:
        return None
    return next((index for index, other in enumerate(having[0].items) if other.start == item.start), None)
