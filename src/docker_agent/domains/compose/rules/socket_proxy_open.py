"""Socket proxies that let everything through."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service

PROXIES = frozenset({"docker-socket-proxy", "socket-proxy"})
SWITCHES = {
    "CONTAINERS": "creates containers",
    "SERVICES": "creates services",
    "PLUGINS": "installs plugins",
    "SWARM": "changes the swarm",
}
ON = frozenset({"1", "true", "yes", "on"})


@rule(severity=Severity.WARN, area="security")
def socket_proxy_open(model: ComposeModel) -> Iterator[Finding]:
    """A socket proxy lets requests through that create containers.

    Why
    ---
    A socket proxy is there so that a service which asks the engine cannot command it. With `POST` and `CONTAINERS` it
    passes on the request that starts a privileged container, and whoever reaches the proxy, without any password, owns
    the host as if the socket were mounted.

    Flagged
    -------
        services:
          socket-proxy:
            image: tecnativa/docker-socket-proxy:v0.4.1
            environment:
              CONTAINERS: 1
              POST: 1

    Fine
    ----
        services:
          socket-proxy:
            image: tecnativa/docker-socket-proxy:v0.4.1
            environment:
              CONTAINERS: 1
              ALLOW_RESTARTS: 1
              POST: 0

    Instead
    -------
    Leave `POST` off. To start, stop or restart containers that are there, `ALLOW_START`, `ALLOW_STOP` and
    `ALLOW_RESTARTS` do without it. Services that create containers (Watchtower, Portainer) get a proxy of their own, on
    an internal network that nothing else joins; the proxy then only hides what they do not use. `CONTAINERS` alone
    still shows every container's environment: no secrets there.

    See
    ---
    socket_mount, secrets_in_env
    """
    for service in model.services.values():
        if image_name(service.image) not in PROXIES:
            continue
        key, does = _open(service)
        if key:
            yield fault(
                model,
                model.place(("services", service.name, "environment", key)),
                service.name,
                f"{service.name} lets requests through by which anyone who reaches it {does}.",
                "Turn POST off; ALLOW_RESTARTS, ALLOW_START and ALLOW_STOP do without it.",
            )


def _open(service: Service) -> tuple[str, str]:
    """The switch that opens the proxy, and what it lets do; empty where it is closed."""
    said = service.environment
    if (said.get("SP_ALLOW_POST") or "") in {".*", "^.*$", "/.*"}:
        return "SP_ALLOW_POST", SWITCHES["CONTAINERS"]
    if (said.get("POST") or "").lower() not in ON:
        return "", ""
    does = [words for key, words in SWITCHES.items() if (said.get(key) or "").lower() in ON]
    return ("POST", " or ".join(does)) if does else ("", "")
