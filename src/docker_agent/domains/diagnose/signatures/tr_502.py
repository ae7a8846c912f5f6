"""Traefik reaches a container, and nothing there answers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.listeners import say_listeners
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import Routed, again, overheard, relabel, serving
from docker_agent.domains.diagnose.snapshot import SETTLED_S, Snapshot
from docker_agent.domains.proxy import Server
from docker_agent.host.models import LogLine

REFUSED = re.compile(r'502 Bad Gateway error=\\?"dial tcp (?P<where>[\d.:\[\]a-f]+): connect: connection refused')
BROKEN_OFF = re.compile(
    r'502 Bad Gateway error=\\?"?(?P<how>EOF|read tcp [^"]*connection reset by peer|http: server closed idle connection)'
)
PORT = "loadbalancer.server.port"


@signature(code="tr-502-refused", area="proxy")
def tr_502_refused(snapshot: Snapshot) -> Iterator[Finding]:
    """Nothing listens on the port that Traefik sends requests to, and it answers 502.

    The port in the label is wrong, the application is not up yet or is stopping, or it listens on 127.0.0.1 only.

    Seen
    ----
        DBG 502 Bad Gateway error="dial tcp 172.18.0.5:9999: connect: connection refused"
    """
    for each in serving(snapshot):
        for name, server in _servers(each):
            if server.tried == "refused":
                yield _refused(each, name, server)
                break
    for refusal in spoken(snapshot, REFUSED):
        yield refusal.found(
            message=f"Nothing listens at {refusal.match['where']}, where Traefik sends requests to.",
            cause="The port in the label is wrong, the application is not up, or it listens on 127.0.0.1 only.",
            fix="Give the port inside the container in loadbalancer.server.port, and listen on 0.0.0.0.",
        )


@tr_502_refused.fix
def correct_port(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Name the port that does answer, where that is one."""
    each = again(snapshot, finding)
    for name, server in _servers(each) if each else ():
        local = urlsplit(server.url).port in server.local_ports
        if each and server.tried == "refused" and len(server.open_ports) == 1 and not local:
            label = each.option("services", name, PORT)
            key = label[0] if label else f"traefik.http.services.{name}.{PORT}"
            port = str(server.open_ports[0])
            return relabel(snapshot, finding, {key: port}, f"The container listens on {port}.")
    return None


@signature(code="tr-502-eof", area="proxy")
def tr_502_eof(snapshot: Snapshot) -> Iterator[Finding]:
    """A container closes a connection while Traefik sends a request on it, and Traefik answers 502.

    Where it happens now and then, the application closes idle connections sooner than Traefik, which keeps them 90
    seconds and does not repeat a POST; where it happens always, the application breaks off or speaks another protocol.

    Seen
    ----
        DBG 502 Bad Gateway error=EOF
        DBG 502 Bad Gateway error="read tcp 172.18.0.2:51234->172.18.0.3:8080: read: connection reset by peer"
    """
    for refusal in (*overheard(snapshot, BROKEN_OFF), *spoken(snapshot, BROKEN_OFF)):
        yield refusal.found(
            message="A container closed the connection while Traefik sent a request, which got 502.",
            cause="It closes idle connections sooner than Traefik's 90 seconds, or breaks off under the request.",
            fix="Let the application keep idle connections longer than 90 seconds; else look into its log at that time.",
            confidence="likely",
        )


def _servers(each: Routed) -> Iterator[tuple[str, Server]]:
    """What Traefik has, and where its API does not answer, the ports of the labels beside what the container opened."""
    heard = [one for one in each.snapshot.listening.get(each.container.name, ()) if one.protocol == "tcp"]
    if each.proxy.api or not heard or each.snapshot.uptime(each.container) < SETTLED_S:
        yield from each.servers()
        return
    local = tuple(one.port for one in heard if ipaddress.ip_address(one.ip).is_loopback)
    opened = tuple(dict.fromkeys(one.port for one in heard if not ipaddress.ip_address(one.ip).is_loopback))
    address = next((place.ip for place in each.container.networks if place.ip), each.container.name)
    for name, options in each.services.items():
        port = options.get(PORT, "")
        if port.isdecimal() and int(port) not in opened:
            yield name, Server(f"http://{address}:{port}", tried="refused", open_ports=opened, local_ports=local)


def _refused(each: Routed, name: str, server: Server) -> Finding:
    address = urlsplit(server.url).netloc
    label = each.option("services", name, PORT)
    line = _line(each, address)
    port = urlsplit(server.url).port or 80
    local = port in server.local_ports
    there = " and ".join(str(number) for number in server.open_ports)
    if local:
        cause = f"The application listens on 127.0.0.1:{port} only, where nobody outside its container gets in."
        fix = f"Let it listen on 0.0.0.0:{port}; many programs have an option --host for it."
    elif there:
        cause = f"The container listens on {there}, and Traefik takes {port}."
        fix = f"Set traefik.http.services.{name}.{PORT} to the port inside the container."
    else:
        cause = f"The application is not up, or listens on another port or on 127.0.0.1 only, not on 0.0.0.0:{port}."
        fix = "Wait until it is up, or read its log; with a health check Traefik waits for it."
    return each.found(
        each.place(label[0]) if label else None,
        each.shown(f"http/services/{name}@docker", f"{server.url}: connection refused")
        if each.proxy.api
        else say_listeners(each.snapshot, each.container),
        each.heard(line) if line else None,
        message=f"Nothing listens at {address}, where Traefik sends its requests: they get 502.",
        cause=cause,
        fix=fix,
        confidence="certain" if local or there else "likely",
    )


def _line(each: Routed, address: str) -> LogLine | None:
    hits = (line for line in reversed(each.proxy.log) if f"dial tcp {address}:" in line.text)
    return next(hits, None)
