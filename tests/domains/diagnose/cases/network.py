"""How failures of networks and ports look."""

from __future__ import annotations

from tests.domains.diagnose.places import Case, container, ended, never_started

from docker_agent.host.models import Attachment, Container, Listener, Network, Port

WEB = {"ports": (Port(container_port=80, host_port=8080),)}
RANGE = tuple(Port(container_port=port, host_port=port) for port in (21, 21100, 21101, 21102))
ELSEWHERE = {"shop-web-1": [Listener(ip="::", port=8080)]}
LOOPBACK = {"shop-web-1": [Listener(ip="127.0.0.1", port=80), Listener(ip="::1", port=80)]}
BOTH = {"shop-web-1": [Listener(ip="127.0.0.1", port=80), Listener(ip="172.18.0.2", port=80)]}
INTERNAL = (Network(id="1", name="back", internal=True),)
CUT_OFF = "nc: can't connect to remote host (1.1.1.1): Network is unreachable"
NO_DB = "nc: bad address 'db'"


def on(*names: str, ip: str = "") -> tuple[Attachment, ...]:
    """A place on each of these networks."""
    return tuple(Attachment(network=name, ip=ip) for name in names)


def db(*names: str, status: str = "running") -> Container:
    """The other service, on networks."""
    return container("db", networks=on(*names, ip="172.30.0.2"), status=status)


FRONT = ended(1, networks=on("front"))

FAILURES: dict[str, Case] = {
    "another port": Case("port-nolisten", WEB, body=["ports:", '  - "8080:80"'], listeners=ELSEWHERE),
    "no port": Case("port-nolisten", WEB, listeners={"shop-web-1": []}),
    "only loopback": Case("port-loopback-bound", WEB, listeners=LOOPBACK),
    "ports on the host's network": Case(
        "port-hostnet", {"network_mode": "host", "raw": {"HostConfig": {"PortBindings": {"80/tcp": [{}]}}}}
    ),
    "shared container gone": Case(
        "net-container-missing",
        never_started("joining network namespace of container: No such container: 4bb9470f20cb"),
    ),
    "apart, by name": Case("net-isolation", FRONT, [NO_DB], others=[db("back")]),
    "apart, by address": Case("net-isolation", FRONT, ["connect to 172.30.0.2:5432 timed out"], others=[db("back")]),
    "default bridge": Case("dns-default-bridge", ended(1, networks=on("bridge")), [NO_DB], others=[db("bridge")]),
    "no network": Case("net-none", ended(1, networks=on("none"), network_mode="none"), [CUT_OFF]),
    "internal only": Case("net-internal", ended(1, networks=on("back")), [CUT_OFF], networks=INTERNAL),
    "internal only, name": Case(
        "net-internal", ended(1, networks=on("back")), ["bad address 'example.org'"], networks=INTERNAL
    ),
    "name of the host": Case("net-host-gateway", FRONT, ["getaddrinfo ENOTFOUND host.docker.internal"]),
    "other stopped": Case("dns-servfail", FRONT, [NO_DB], others=[db("back", status="exited")]),
    "misspelt": Case("dns-servfail", FRONT, ['could not translate host name "bd" to address'], others=[db("front")]),
    "name servers silent": Case("dns-timeout", FRONT, [";; connection timed out; no servers could be reached"]),
}
HEALTHY: dict[str, Case] = {
    "listens on its address": Case("", WEB, listeners=BOTH),
    "a range": Case("", {"ports": RANGE}, listeners={"shop-web-1": [Listener(ip="::", port=21)]}),
    "still starting": Case("", {**WEB, "health": "starting"}, listeners=LOOPBACK),
    "not published": Case("", {}, listeners=LOOPBACK, others=[container("db")]),
    "on the host's network": Case("", {"network_mode": "host"}),
    "apart, and content": Case("", {"networks": on("front")}, others=[db("back")]),
}
