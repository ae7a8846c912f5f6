"""A route: which requests a reverse proxy passes to which service, and what it does with them on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Protocol = Literal["http", "tcp"]


@dataclass(frozen=True)
class Tls:
    """How a route is served over TLS: by an ACME `resolver`, by an own certificate, or by the proxy's default one.

    Attributes
    ----------
    resolver: Traefik's certificate resolver by name, `acme` for Caddy's own; "" where the certificate is given.
    certificate, key: PEM files as the proxy sees them, "" for none.
    redirect: whether plain HTTP is sent to HTTPS.
    hsts_s: how long browsers shall use HTTPS only, seconds; 0 for no such header.
    """

    resolver: str = ""
    certificate: str = ""
    key: str = ""
    redirect: bool = True
    hsts_s: int = 0


@dataclass(frozen=True)
class HealthCheck:
    """How the proxy itself asks whether a server is well; times in seconds."""

    path: str
    interval_s: int = 5
    timeout_s: int = 3


@dataclass(frozen=True)
class Route:
    """One route to one service.

    Attributes
    ----------
    name: the router's name: letters, digits and dashes.
    service, port: the compose service, and where it listens inside its container.
    hosts: the names that it answers to; for `tcp` the names of SNI, empty for all.
    path: a prefix such as `/api`, "" for all; `strip_path` takes it off before the service sees it.
    entrypoint: Traefik's entry points by name ("" for the proxy's usual ones); for `tcp` the port or entry point.
    users: lines of `htpasswd` with bcrypt hashes, `name:$2y$...`; nobody else comes in. Empty: no password is asked.
    allow: networks (CIDR) from which requests are let in, empty for all.
    rate, burst: requests a second for each client, and how many more at once; 0 for no limit.
    headers: set on every answer.
    sticky: the name of a cookie that keeps a client at one server, "" for none.
    timeout_s: how long the service may take to answer, seconds, 0 for the proxy's own limit.
    body_bytes: the largest request body, 0 for the proxy's own limit.
    priority: before which other routes it is tried (higher first), 0 for the proxy's own order.
    network: the engine's name of the network on which the proxy reaches the service, "" where there is no choice.
    """

    name: str
    service: str
    port: int
    hosts: tuple[str, ...] = ()
    path: str = ""
    strip_path: bool = False
    protocol: Protocol = "http"
    entrypoint: str = ""
    tls: Tls | None = None
    users: tuple[str, ...] = field(default=(), repr=False)
    allow: tuple[str, ...] = ()
    rate: int = 0
    burst: int = 0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    compress: bool = False
    sticky: str = ""
    timeout_s: int = 0
    body_bytes: int = 0
    health: HealthCheck | None = None
    priority: int = 0
    network: str = ""


@dataclass(frozen=True)
class Share:
    """How much of a route's traffic one server gets, in percent.

    `address` is the server as the proxy reaches it, such as `shop-web-2:8080`.
    """

    address: str
    weight: int


@dataclass(frozen=True)
class Canary:
    """Who is sent to the new version besides its share: requests with a header, and those that were there before.

    Attributes
    ----------
    header, value: a request with this header goes to the new version, "" for none.
    cookie: the name of a cookie that keeps a client at the version that it met first, "" for none.
    """

    header: str = ""
    value: str = ""
    cookie: str = ""
