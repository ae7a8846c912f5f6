"""What a reverse proxy says of itself, frozen: its routers, services, servers, entry points and complaints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from docker_agent.host.models import LogLine

Kind = Literal["traefik", "caddy", "nginx"]
Tried = Literal["", "open", "refused", "silent", "not-tls"]


@dataclass(frozen=True)
class Router:
    """One router: a rule, where it listens, and what it leads to.

    Attributes
    ----------
    name: with its provider, such as `app@docker`.
    rule: in the language of `rules.py`.
    enabled: whether it serves; `errors` say why not.
    priority: of two that match, the higher one gets the request.
    own: what the proxy itself answers with, such as `return 404`; "" where it passes the request on.
    default_at: the entry points at which it also gets what no router's host is for.
    """

    name: str
    rule: str = ""
    service: str = ""
    entrypoints: tuple[str, ...] = ()
    middlewares: tuple[str, ...] = ()
    tls: bool = False
    enabled: bool = True
    errors: tuple[str, ...] = ()
    priority: int = 0
    own: str = ""
    default_at: tuple[str, ...] = ()


@dataclass(frozen=True)
class Server:
    """One address that a service of the proxy sends requests to.

    Attributes
    ----------
    url: empty for a container that has no address now.
    up: what the proxy's own health check says, "" where it says nothing.
    tried: what this machine met at the address, "" where it was not tried; `not-tls` for https towards plain HTTP.
    open_ports, local_ports: where the container listens for others and for itself alone, looked for where it refuses.
    """

    url: str
    up: str = ""
    tried: Tried = ""
    open_ports: tuple[int, ...] = ()
    local_ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class Upstream:
    """A service of the proxy: its servers, or the weighted, mirrored or spare services that it chooses from.

    `children` are those services with their weights, 1 where the kind has no weights.
    """

    name: str
    kind: str = ""
    servers: tuple[Server, ...] = ()
    children: Mapping[str, int] = field(default_factory=dict[str, int])
    enabled: bool = True
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProxyState:
    """One running reverse proxy.

    Attributes
    ----------
    container: the container's name.
    networks: the networks that it is on; `host_network` for one that has the host's and reaches all.
    settings: Traefik's static options from arguments and environment, keys in lower case without dashes in front.
    api: the address at which its API answered, "" where none did; routers and the like are then unknown.
    middlewares: their names with provider.
    entrypoints: addresses by name.
    log: its last lines, without colours.
    """

    container: str
    kind: Kind
    networks: tuple[str, ...] = ()
    host_network: bool = False
    version: str = ""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    api: str = ""
    routers: tuple[Router, ...] = ()
    services: tuple[Upstream, ...] = ()
    middlewares: tuple[str, ...] = ()
    entrypoints: Mapping[str, str] = field(default_factory=dict[str, str])
    log: tuple[LogLine, ...] = ()

    def router(self, name: str) -> Router | None:
        """The router of this name with its provider, whatever its case."""
        return next((router for router in self.routers if router.name.lower() == name.lower()), None)

    def service(self, name: str) -> Upstream | None:
        """The service of this name with its provider, whatever its case."""
        return next((service for service in self.services if service.name.lower() == name.lower()), None)
