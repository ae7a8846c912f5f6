"""How failures behind a proxy look where its API does not answer: labels, static options and states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.domains.diagnose.places import Case, checked, container, ended

from docker_agent.host.models import Attachment, Container, Listener

OPTIONS = (
    "--entrypoints.web.address=:80",
    "--entrypoints.websecure.address=:443",
    "--providers.docker.exposedbydefault=0",
)


ROUTER = "traefik.http.routers.web"
BALANCER = "traefik.http.services.web.loadbalancer"


def on(*names: str) -> tuple[Attachment, ...]:
    """Places on networks."""
    return tuple(Attachment(network=name, ip=f"172.18.0.{len(name)}") for name in names)


def traefik(project: str = "edge", *networks: str, option: str = "") -> Container:
    """A Traefik of another project, with a further option."""
    words = (*OPTIONS, *([option] if option else ()))
    fields = {"image": "traefik:3.7", "command": words, "networks": on(*networks or ("edge",)), "project": project}
    return container("traefik", **fields)


def routed(labels: Mapping[str, str] | None = None, *networks: str) -> dict[str, Any]:
    """Fields of a container behind it, with further labels."""
    plain = {
        "traefik.enable": "true",
        f"{ROUTER}.rule": "Host(`web`)",
        f"{BALANCER}.server.port": "8080",
    }
    places = on(*networks or ("edge",))
    return {"labels": {**plain, **(labels or {})}, "networks": places, "network_mode": places[0].network}


def twin(labels: Mapping[str, str] | None = None) -> Container:
    """Another container that describes the same router and service."""
    return container("db", **routed(labels))


TLS = {f"{ROUTER}.entrypoints": "web", f"{ROUTER}.tls": "true"}
SECURE = {**TLS, f"{ROUTER}.entrypoints": "websecure"}
UNENABLED = {key: value for key, value in routed()["labels"].items() if key != "traefik.enable"}
UNWELL = {"health": "unhealthy", "failing_streak": 3, "health_log": checked(1, "no")}

FAILURES = {
    "traefik tls": Case("tr-404-tls", routed(TLS), others=[traefik()]),
    "traefik enable": Case("tr-404-norouter", {**routed(), "labels": UNENABLED}, others=[traefik()]),
    "traefik unhealthy": Case("tr-404-norouter", {**routed(), **UNWELL}, others=[traefik()]),
    "traefik service twice": Case(
        "tr-404-conflict-service", routed(), others=[traefik(), twin({f"{BALANCER}.healthcheck.path": "/x"})]
    ),
    "traefik router twice": Case(
        "tr-404-conflict-router", routed(), others=[traefik(), twin({f"{ROUTER}.rule": "Host(`b`)"})]
    ),
    "traefik services": Case(
        "tr-404-multi", routed({"traefik.http.services.two.loadbalancer.server.port": "81"}), others=[traefik()]
    ),
    "traefik elsewhere": Case("tr-504-network", routed(None, "back"), others=[traefik()]),
    "traefik two networks": Case("tr-504-network", routed(None, "back", "edge"), others=[traefik()]),
    "traefik without API, wrong port": Case(
        "tr-502-refused", routed(), others=[traefik()], listeners={"shop-web-1": [Listener(ip="::", port=3000)]}
    ),
    "traefik paused": Case("tr-hang", {**routed(), "status": "paused"}, others=[traefik()]),
    "caddy silent": Case(
        "caddy-config", ended(1, image="caddy:2.11"), ['{"level":"info","msg":"using config from file","file":"/x"}']
    ),
}
HEALTHY = {
    "routed": Case("", routed(), others=[traefik()]),
    "routed by tls": Case("", routed(SECURE), others=[traefik()]),
    "routed and scaled": Case("", routed(), others=[traefik(), twin()]),
    "routed by a name": Case("", routed({"traefik.docker.network": "edge"}, "back", "edge"), others=[traefik()]),
    "beside a router of another traefik": Case(
        "",
        routed(),
        others=[
            traefik(option="--providers.docker.constraints=Label(`com.docker.compose.project`,`shop`)"),
            twin({f"{ROUTER}.rule": "Host(`b`)"}),
        ],
    ),
    "routed without API": Case(
        "", routed(), others=[traefik()], listeners={"shop-web-1": [Listener(ip="::", port=8080)]}
    ),
    "not for traefik": Case("", routed({"traefik.enable": "false"}, "back"), others=[traefik()]),
    "no traefik": Case("", {**routed(), "labels": UNENABLED}),
}
