"""Containers that can command the engine."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.host_paths import clean_path, host_mounts
from docker_agent.domains.compose.facts.images import image_name
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Place, Scalar, Sequence
from docker_agent.project.compose.types import Service

SOCKETS = (
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/cri-dockerd.sock",
)
NAMES = ("/docker.sock", "/podman.sock", "/containerd.sock")
HOMES = ("~/", "/home/", "/Users/", "/root/", "/run/user/")

# Images that put themselves between the engine and everybody else, by the last part of their name.
SOCKET_PROXIES = frozenset({"docker-socket-proxy", "socket-proxy", "dockerproxy", "docker-proxy"})

# Images whose work is to create containers: nothing between them and the engine could refuse much.
MANAGERS = frozenset(
    {"portainer", "portainer-ce", "portainer-ee", "dockge", "komodo-core", "komodo-periphery", "periphery"}
    | {"yacht", "watchtower", "ouroboros", "coolify", "dokploy", "caprover", "gitlab-runner", "drone-runner-docker"}
    | {"act_runner", "woodpecker-agent", "github-runner", "testcontainers", "wud", "whats-up-docker"}
)

# Images that only ask, with the switches of a socket proxy that let their questions through.
READERS = {
    "traefik": "CONTAINERS=1",
    "dozzle": "CONTAINERS=1 and INFO=1",
    "homepage": "CONTAINERS=1",
    "homarr": "CONTAINERS=1",
    "cadvisor": "CONTAINERS=1, INFO=1 and IMAGES=1",
    "diun": "CONTAINERS=1 and IMAGES=1",
    "telegraf": "CONTAINERS=1 and INFO=1",
    "netdata": "CONTAINERS=1",
    "glances": "CONTAINERS=1",
    "promtail": "CONTAINERS=1 and NETWORKS=1",
    "alloy": "CONTAINERS=1 and NETWORKS=1",
    "uptime-kuma": "CONTAINERS=1",
    "beszel-agent": "CONTAINERS=1 and INFO=1",
    "nginx-proxy": "CONTAINERS=1 and EVENTS=1",
    "docker-gen": "CONTAINERS=1 and EVENTS=1",
    "caddy-docker-proxy": "CONTAINERS=1, EVENTS=1, INFO=1 and NETWORKS=1",
}


@rule(severity=Severity.WARN, area="security")
def socket_mount(model: ComposeModel) -> Iterator[Finding]:
    """A container with the engine's socket can start any other container, and so owns the host.

    Why
    ---
    One request over the socket starts a privileged container with the host's root folder in it. Mounting it read-only
    changes nothing: that is about the file, not about what is said over it. A proxy with a web page, such as Traefik,
    is the usual way in. The sockets of containerd, Podman and BuildKit give the same; of a rootless engine, all that
    its user has.

    Flagged
    -------
        services:
          proxy:
            image: traefik:3.7
            volumes:
              - /var/run/docker.sock:/var/run/docker.sock:ro

    Fine
    ----
        services:
          proxy:
            image: traefik:3.7
            volumes:
              - ./traefik.yml:/etc/traefik/traefik.yml:ro
            environment:
              DOCKER_HOST: tcp://socket-proxy:2375

    Instead
    -------
    Put a socket proxy between that lets only the needed questions through (tecnativa/docker-socket-proxy with
    `CONTAINERS: 1`, on an `internal` network of the two), or use a provider that reads files. Such a proxy itself, and
    what has to create containers (Portainer, Watchtower, CI runners), get a remark only: keep their pages off the
    internet, behind a password and a second factor. CI jobs build without the socket by BuildKit or Kaniko.

    See
    ---
    CIS Docker Benchmark 5.32 · OWASP Docker Security Cheat Sheet, rule 1 · socket_proxy_open
    """
    for service in model.services.values():
        for place in _places(model, service):
            message = f"{service.name} can command the engine through its socket."
            name = image_name(service.image)
            if name in SOCKET_PROXIES:
                found = fault(model, place, service.name, message, "Let it answer on an internal network only.")
                yield replace(found, severity=Severity.INFO, cause="It is the proxy that keeps the others from it.")
            elif name in MANAGERS:
                found = fault(model, place, service.name, message, "Keep it off the internet, pinned and up to date.")
                yield replace(found, severity=Severity.INFO, cause=f"{name} is made to command the engine.")
            elif name in READERS:
                fix = f"Put a socket proxy between that allows {READERS[name]}."
                yield fault(model, place, service.name, message, fix)
            else:
                yield fault(model, place, service.name, message, "Put a socket proxy between, or take the mount out.")


def _places(model: ComposeModel, service: Service) -> Iterator[Place]:
    """Where the service's mounts reach a socket: by what is mounted, or by the name that it gets inside."""
    known: set[Place] = set()
    for mount in host_mounts(model, service):
        known.add(mount.place)
        if _reaches_socket(mount.path) or _is_socket(clean_path(mount.target)):
            yield mount.place
    api = known_item(service, "use_api_socket") if "use_api_socket" in service.raw.index else None
    if api is not None and api.value.lower() == "true":
        yield api.place
    node = service.raw.get("volumes")
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar) and item.unset:
            inside = item.value.removesuffix(":ro").removesuffix(":rw").removesuffix(":z").rpartition(":")[2]
        elif isinstance(item, Mapping) and isinstance(target := item.get("target"), Scalar):
            inside = target.value
        else:
            continue
        if _is_socket(clean_path(inside)) and item.place not in known:
            yield item.place


def _is_socket(path: str) -> bool:
    return path in SOCKETS


def _reaches_socket(path: str) -> bool:
    if path.endswith("/pipe/docker_engine"):
        return True
    if path.endswith(NAMES) and path.startswith(HOMES):
        return True
    return any(socket == path or socket.startswith(f"{path}/") for socket in SOCKETS) and path not in {"/", ""}
