"""Drivers of reverse proxies: what each has to offer, and how the one for a proxy is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from docker_agent.core.discover import instances
from docker_agent.core.finding import Finding
from docker_agent.core.plan import Step
from docker_agent.domains.proxy.route import Canary, Route, Share
from docker_agent.domains.proxy.state import Kind, ProxyState
from docker_agent.host.host import Reads
from docker_agent.host.models import Container

DRIVERS = "docker_agent.domains.proxy.drivers"


@dataclass(frozen=True)
class Proxy:
    """A running reverse proxy, and where its configuration lies.

    Attributes
    ----------
    folder: the folder of the project whose files it reads, relative to the root, "" where none can be written:
        Traefik's file provider, what Nginx includes (`/etc/nginx/conf.d`), the folder of the Caddyfile.
    inside: the same folder as the proxy sees it.
    files: the configuration files in that folder as they are now, by path relative to the root.
    unwritable: why no file can be written, and what to do about it; "" where they can.
    """

    state: ProxyState
    container: Container
    folder: str = ""
    inside: str = ""
    files: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    unwritable: str = ""

    def path(self, name: str) -> str:
        """A file of that folder, relative to the root."""
        return str(PurePosixPath(self.folder) / name)


@dataclass(frozen=True)
class Configured:
    """What makes a proxy serve something.

    Attributes
    ----------
    labels: what the service's container says of itself (Traefik), in the compose file's terms: `$` is not doubled.
    files: whole files by path relative to the root; null for one that has to go.
    findings: what the running version does not know, or does otherwise than asked; an error stops the change.
    secured: the route is served over TLS though that was not asked, as others of its names are.
    """

    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    findings: tuple[Finding, ...] = ()
    secured: bool = False


@dataclass(frozen=True)
class Change:
    """Files to write (null for one that has to go), by path relative to the root, and what has to follow each time.

    `before` are looks that have to hold before the files are written, `after` the reload and the proof that it is so.
    """

    files: Mapping[str, str | None]
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()


class Splitter(Protocol):
    """Divides the traffic of one service between servers, and gives it back as it was."""

    @property
    def pins(self) -> bool:
        """Whether a second container of the service would get traffic at once, so that the first is pinned before."""
        ...

    def share(self, shares: Sequence[Share], canary: Canary) -> Change:
        """What sends the traffic to servers by their shares; the first is the old version, a second the new one."""
        ...

    def end(self, server: str) -> Change:
        """What leaves the traffic to the configuration as it was, once the service has this one server only."""
        ...


@runtime_checkable
class Driver(Protocol):
    """One kind of reverse proxy."""

    kind: Kind

    def configure(self, route: Route, proxy: Proxy) -> Configured:
        """What serves a route; what was there for a route of this name is replaced."""
        ...

    def remove(self, name: str, proxy: Proxy) -> Configured:
        """What takes a route away again; of labels, those to go have an empty value.

        A key that ends with a dot means all labels below it.
        """
        ...

    def maintenance(self, route: Route, proxy: Proxy, page: str) -> Configured:
        """What answers a route's requests with 503 and, where the proxy can, a page.

        `remove` of the name with `-maintenance` behind it ends it: the files are then what they were before.
        """
        ...

    def split(self, reads: Reads, proxy: Proxy, backend: Container, port: int) -> Splitter:
        """Take over the traffic that a running container gets through the proxy, to divide it between servers.

        Raises
        ------
        InputError: the proxy has no route to this container, or its configuration cannot be changed from here.
        """
        ...

    def reload(self, proxy: Proxy, name: str, why: str) -> tuple[Step, ...]:
        """The steps that make the proxy check and read what changed for a route, and that see that it did."""
        ...


@lru_cache(maxsize=1)
def all_drivers() -> Mapping[Kind, Driver]:
    """Every driver by the kind of its proxy."""
    return MappingProxyType({driver.kind: driver for driver in instances(DRIVERS, Driver)})
