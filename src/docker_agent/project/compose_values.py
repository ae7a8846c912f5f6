"""Compose's own casts: durations, sizes, booleans, numbers, ports and mounts from what a file says."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace
from typing import Any

from docker_agent.project.compose_nodes import Mapping, Node, Scalar, plain_value
from docker_agent.project.compose_texts import mapping, text
from docker_agent.project.compose_types import Mount, PublishedPort

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp])?i?b?", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,5}")
_PROPAGATIONS = {"rprivate", "private", "rshared", "shared", "rslave", "slave"}
_MAX_PORT = 65_535


def read_duration(text: str) -> float:
    """Seconds of a duration such as `1m30s`; raises ValueError where it is none."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        if text == "0":
            return 0.0
        raise ValueError(f'"{text}" is not a duration such as 30s or 1m30s')
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def read_size(text: str) -> int:
    """Bytes of a size such as `512m`; raises ValueError where it is none."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f'"{text}" is not a size such as 512m or 2g')
    power = " kmgtp".index((match.group(2) or " ").lower())
    return int(float(match.group(1)) * 1024**power)


def read_bool(value: object) -> bool:
    """A boolean, also in the words of YAML 1.1 that Compose takes; raises ValueError for any other."""
    text = str(value).lower()
    if text in {"true", "yes", "on", "y", "1"}:
        return True
    if text in {"false", "no", "off", "n", "0", "none", ""}:
        return False
    raise ValueError(f'"{value}" is not true or false')


def read_number(value: object) -> float:
    """A number; raises ValueError where it is none, or not finite."""
    number = float(str(value))
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124 - only NaN differs from itself
        raise ValueError(f'"{value}" is not a number')
    return number


def read_port(node: Node) -> PublishedPort:
    """One entry of `ports` in either form; raises ValueError where Compose would not take it."""
    if isinstance(node, Mapping):
        said: dict[str, Any] = plain_value(node)
        target, published = str(said.get("target") or ""), str(said.get("published") or "")
        host_ip, protocol = str(said.get("host_ip") or ""), str(said.get("protocol") or "tcp").lower()
        port = _port(node, (host_ip, published, target, protocol))
        mode, name, app_protocol = (str(said.get(key) or "") for key in ("mode", "name", "app_protocol"))
        return replace(port, mode=mode, name=name, app_protocol=app_protocol)
    if not isinstance(node, Scalar):
        raise ValueError("a port is written as text or as a mapping")  # noqa: TRY004 - one kind for every bad value
    written, _, protocol = node.value.partition("/")
    return _port(node, (*_short_parts(written.strip()), protocol.lower() or "tcp"))


def _short_parts(text: str) -> tuple[str, str, str]:
    if text.startswith("["):
        host_ip, _, rest = text[1:].partition("]:")
        published, _, target = rest.partition(":")
        return host_ip, published, target
    rest, _, target = text.rpartition(":")
    host_ip, _, published = rest.rpartition(":")
    return host_ip, published, target


def _port(node: Node, parts: tuple[str, str, str, str]) -> PublishedPort:
    host_ip, published, target, protocol = parts
    if protocol not in {"tcp", "udp", "sctp"}:
        raise ValueError(f'"{protocol}" is not a protocol, write tcp, udp or sctp')
    if host_ip:
        host_ip = str(ipaddress.ip_address(host_ip.split("%")[0]))
    first, last = _range(target)
    low, high = _range(published) if published else (0, 0)
    pool = high > low and first == last
    if published and not pool and high - low != last - first:
        raise ValueError(f'the ranges "{published}" and "{target}" are of different lengths')
    return PublishedPort(first, last, node.place, low, high, host_ip, protocol, pool)


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    ends = (first, last if dash else first)
    if not all(_DIGITS.fullmatch(end) and int(end) <= _MAX_PORT for end in ends):
        raise ValueError(f'"{text}" is not a port or a range of ports')
    low, high = (int(end) for end in ends)
    if low > high:
        raise ValueError(f'"{text}" is a range that runs backwards')
    return low, high


def read_mount(node: Node) -> Mount:
    """One entry of `volumes` in either form; raises ValueError where Compose would not take it."""
    if isinstance(node, Mapping):
        return _long_mount(node)
    if not isinstance(node, Scalar) or not node.value.strip():
        raise ValueError("a volume is written as text or as a mapping")
    parts = _mount_parts(node.value)
    if len(parts) == 1:
        return Mount("volume", parts[0], node.place)
    source, target = parts[0], parts[1]
    options = parts[2].split(",") if len(parts) > 2 else []
    kind = "bind" if source.startswith((".", "/", "~", "$")) or re.match(r"[A-Za-z]:[\\/]", source) else "volume"
    propagation = next((option for option in options if option in _PROPAGATIONS), "")
    selinux = next((option for option in options if option in {"z", "Z"}), "")
    return Mount(kind, target, node.place, source, "ro" in options, propagation, selinux)


def _long_mount(node: Mapping) -> Mount:
    bind, volume = mapping(node.get("bind")), mapping(node.get("volume"))
    return Mount(
        kind=text(node.get("type")) or "volume",
        target=text(node.get("target")),
        place=node.place,
        source=text(node.get("source")),
        read_only=bool(plain_value(node.get("read_only"))),
        propagation=text(bind.get("propagation")),
        selinux=text(bind.get("selinux")),
        create_host_path=plain_value(bind.get("create_host_path")) is not False,
        subpath=text(volume.get("subpath")),
    )


def _mount_parts(text: str) -> list[str]:
    drive = re.match(r"[A-Za-z]:[\\/]", text)
    head = text[:2] if drive else ""
    parts = text[len(head) :].split(":")
    return [head + parts[0], *parts[1:]]
