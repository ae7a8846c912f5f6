"""Traefik's entry points: which of them takes plain HTTP, HTTPS or a port, and how it is reached from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from docker_agent.domains.proxy.driver import Proxy

# What Traefik listens on where nothing is said of entry points, and its own, where the API is.
USUAL = {"http": ":80"}
OWN = "traefik"
PLAIN_NAMES, SECURE_NAMES = ("web", "http"), ("websecure", "https", "web-secure", "secure")
PLAIN_PORTS, SECURE_PORTS = (80, 8080, 8000), (443, 8443)


@dataclass(frozen=True)
class EntryPoints:
    """The entry points of one Traefik.

    Attributes
    ----------
    ports: where each listens, by name.
    plain, secure: those for HTTP and HTTPS by name, "" for none.
    redirects: whether all of the plain one is sent to HTTPS by Traefik's own settings.
    https_port: under which port HTTPS is published, 0 where that is 443 or not known.
    """

    ports: Mapping[str, int]
    plain: str
    secure: str
    redirects: bool
    https_port: int

    def named(self, word: str) -> str:
        """The entry point of a name or a port, "" for none."""
        if word in self.ports:
            return word
        return next((name for name, port in self.ports.items() if str(port) == word), "")


def entry_points(proxy: Proxy) -> EntryPoints:
    """The entry points as the API shows them, else as the static options say."""
    settings = proxy.state.settings
    written = {
        match["name"]: value
        for key, value in settings.items()
        if (match := re.fullmatch(r"entrypoints\.(?P<name>[^.]+)\.address", key))
    }
    addresses = proxy.state.entrypoints or written or USUAL
    ports = {name: _port(address) for name, address in addresses.items() if not address.endswith("/udp")}
    outer = {name: port for name, port in ports.items() if name != OWN}
    secure = _choose(outer, SECURE_PORTS, SECURE_NAMES)
    plain = _choose({name: port for name, port in outer.items() if name != secure}, PLAIN_PORTS, PLAIN_NAMES)
    published = [each.host_port for each in proxy.container.ports if each.container_port == ports.get(secure)]
    port = next((each for each in published if each), 443)
    redirects = f"entrypoints.{plain}.http.redirections.entrypoint.to".lower() in settings
    return EntryPoints(ports, plain, secure, redirects, 0 if port == 443 else port)


def _port(address: str) -> int:
    port = address.partition("/")[0].rpartition(":")[2]
    return int(port) if port.isascii() and port.isdigit() else 0


def _choose(ports: Mapping[str, int], numbers: tuple[int, ...], names: tuple[str, ...]) -> str:
    """The one on the first of some ports, else the one of a usual name."""
    by_port = (name for number in numbers for name, port in ports.items() if port == number)
    return next(by_port, next((name for name in names if name in ports), ""))
