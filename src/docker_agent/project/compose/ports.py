"""One entry of a service's `ports`, in either form, as the engine's own parser reads it."""

from __future__ import annotations

import ipaddress

from docker_agent.core.record import replace
from docker_agent.project.compose.casts import number, whole
from docker_agent.project.compose.nodes import Mapping, Node, Scalar
from docker_agent.project.compose.texts import text, typed
from docker_agent.project.compose.types import PublishedPort

_MAX_PORT = 65_535


def read_port(node: Node) -> PublishedPort | None:
    """The ports that an entry says; None for what is neither text nor mapping, ValueError for what Compose refuses."""
    if isinstance(node, Mapping):
        return _long_port(node)
    if not isinstance(node, Scalar) or isinstance(typed(node), bool | None):
        return None
    host_ip, published, rest = _parts(str(typed(node)))
    target, _, protocol = rest.partition("/")
    return _port(node, (host_ip, published, target, protocol.partition("/")[0].lower() or "tcp"))


def _long_port(node: Mapping) -> PublishedPort | None:
    target = node.get("target")
    if target is None or number(target) < 0:
        raise ValueError("a port has no target")
    said = {key: text(node.get(key)) for key in ("host_ip", "published", "protocol")}
    host_ip = _address(said["host_ip"]) if "host_ip" in node.index else ""
    try:
        port = _port(node, (host_ip, said["published"], str(whole(target)), said["protocol"].lower() or "tcp"))
    except ValueError:
        return None  # Compose leaves it to the engine
    return replace(
        port, mode=text(node.get("mode")), name=text(node.get("name")), app_protocol=text(node.get("app_protocol"))
    )


def _parts(written: str) -> tuple[str, str, str]:
    rest, _, target = written.rpartition(":")
    host_ip, _, published = rest.rpartition(":")
    if host_ip.startswith("[") and host_ip.endswith("]"):
        host_ip = host_ip[1:-1]
    elif ":" in host_ip:
        raise ValueError(f'the address {host_ip} needs brackets: "[{host_ip}]:{published}:{target}"')
    return host_ip, published, target


def _port(node: Node, parts: tuple[str, str, str, str]) -> PublishedPort:
    host_ip, published, target, protocol = parts
    if protocol not in {"tcp", "udp", "sctp"}:
        raise ValueError(f'"{protocol}" is not a protocol, write tcp, udp or sctp')
    if host_ip:
        host_ip = _address(host_ip)
    first, last = _range(target)
    if not first:
        raise ValueError("a port has no target")
    low, high = _range(published) if published else (0, 0)
    pool = high > low and first == last
    if published and not pool and high - low != last - first:
        raise ValueError(f'the ranges "{published}" and "{target}" are of different lengths')
    return PublishedPort(first, last, node.place, low, high, host_ip, protocol, pool)


def _address(written: str) -> str:
    try:
        if "%" not in written:
            return str(ipaddress.ip_address(written))
    except ValueError:
        pass
    raise ValueError(f'"{written}" is not an IP address')


def _range(written: str) -> tuple[int, int]:
    if not written:
        raise ValueError("a port is empty")
    first, dash, last = written.partition("-")
    ends = (first, last.partition("-")[0] if dash else first)
    if not all(end.isascii() and end.isdecimal() and len(end) < 10 and int(end) <= _MAX_PORT for end in ends):
        raise ValueError(f'"{written}" is not a port or a range of ports')
    low, high = (int(end) for end in ends)
    if low > high:
        raise ValueError(f'"{written}" is a range that runs backwards')
    return low, high
