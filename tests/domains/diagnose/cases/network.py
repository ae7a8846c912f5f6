"""How failures of networks and ports look."""

from __future__ import annotations

from tests.domains.diagnose.places import Case, container

from docker_agent.host.models import Listener, Port

WEB = {"ports": (Port(container_port=80, host_port=8080),)}
ELSEWHERE = {"shop-web-1": [Listener(ip="::", port=8080)]}
LOOPBACK = {"shop-web-1": [Listener(ip="127.0.0.1", port=80), Listener(ip="::1", port=80)]}
BOTH = {"shop-web-1": [Listener(ip="127.0.0.1", port=80), Listener(ip="172.18.0.2", port=80)]}

FAILURES: dict[str, Case] = {
    "another port": Case("port-nolisten", WEB, body=["ports:", '  - "8080:80"'], listeners=ELSEWHERE),
    "no port": Case("port-nolisten", WEB, listeners={"shop-web-1": []}),
    "only loopback": Case("port-loopback-bound", WEB, listeners=LOOPBACK),
}
HEALTHY: dict[str, Case] = {
    "listens on its address": Case("", WEB, listeners=BOTH),
    "still starting": Case("", {**WEB, "health": "starting"}, listeners=LOOPBACK),
    "not published": Case("", {}, listeners=LOOPBACK, others=[container("db")]),
}
