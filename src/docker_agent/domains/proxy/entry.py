"""Where this machine reaches a proxy's entry point for a URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.driver import Proxy
from docker_agent.host.models import Container, Port

USUAL = {"http": (80, 8080, 8000), "https": (443, 8443, 4443)}
NAMES = {"http": ("web", "http"), "https": ("websecure", "https")}
ANYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - what the engine says of a port that is open to all


@dataclass(frozen=True)
class Entry:
    """One way in: `address` is `IP:PORT` on this machine, `port` the one inside the container.

    `published` is false where only this machine gets there, by the container's own address.
    """

    address: str
    port: int
    published: bool


def entry_of(proxy: Proxy, route_url: str) -> str:
    """`IP:PORT` at which a proxy takes what a browser would ask for; a published port before the container's address.

    Raises
    ------
    InputError: the proxy has no way in for this URL.
    """
    return find_entry(proxy.container, proxy.state.entrypoints, route_url).address


def find_entry(container: Container, entrypoints: Mapping[str, str], url: str) -> Entry:
    """The way into a proxy for a URL.

    The port that the URL names counts as published to begin with, then as the container's own; entry points are
    Traefik's, address by name.

    Raises
    ------
    InputError: the URL is none, or the container has no way in for it.
    """
    try:
        parts = urlsplit(url)
        wanted = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError) as error:
        raise InputError(f"{url!r} is no URL of a site.", "Give one such as https://app.example.com/.") from error
    published = [each for each in container.ports if each.host_port and each.protocol == "tcp"]
    inside = list(dict.fromkeys(_inside(parts.scheme, wanted, entrypoints)))
    fitting = [each for each in published if each.host_port == wanted]
    fitting += [each for port in inside for each in published if each.container_port == port]
    if fitting:
        return Entry(_address(fitting[0]), fitting[0].container_port, published=True)
    if container.network_mode == "host":
        return Entry(f"127.0.0.1:{wanted}", wanted, published=True)
    ip = next((place.ip for place in container.networks if place.ip), "")
    if not ip:
        seen = ", ".join(f"{each.host_port} -> {each.container_port}" for each in published) or "none"
        raise InputError(
            f"{container.name} has no port for {parts.scheme} and no address of its own; published ports: {seen}.",
            f"Publish the port of its entry point for {parts.scheme}, such as {wanted}:{inside[0]}.",
        )
    return Entry(f"{ip}:{inside[0]}", inside[0], published=False)


def _inside(scheme: str, wanted: int, entrypoints: Mapping[str, str]) -> Iterator[int]:
    """The container's ports that may take such requests, the likeliest first."""
    there = {name: port_of(address) for name, address in entrypoints.items() if name != "traefik"}
    usual = USUAL[scheme]
    if not there:
        yield from (wanted, *usual)
    yield from (port for port in there.values() if port == wanted)
    yield from (there[name] for name in NAMES[scheme] if name in there)
    yield from (port for port in there.values() if port in usual)
    yield wanted


def port_of(address: str) -> int:
    """The port of an entry point's address such as `:443` or `0.0.0.0:8443/tcp`, 0 for none."""
    word = address.partition("/")[0].rpartition(":")[2]
    return int(word) if word.isascii() and word.isdigit() else 0


def _address(port: Port) -> str:
    host = "127.0.0.1" if port.host_ip in ANYWHERE else port.host_ip
    return f"[{host}]:{port.host_port}" if ":" in host else f"{host}:{port.host_port}"
