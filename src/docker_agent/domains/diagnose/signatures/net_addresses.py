"""Addresses of containers: none left, taken, outside the network, or not to be chosen there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in, recreate, service_value
from docker_agent.domains.diagnose.messages import refusals, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

EXHAUSTED = re.compile(r"no available IPv4 addresses on this network's address pools: (?P<net>[\w.-]+)")
USED = re.compile(r"failed to set up container networking: Address already in use")
OUTSIDE = re.compile(r"no configured subnet or ip-range contain the IP address (?P<ip>[\da-fA-F.:]+)")
FIXED = "ipv4_address"
DEFAULT = re.compile(
    r"user specified IP address is supported (?:on user defined networks only"
    r"|only when connecting to networks with user configured subnets)"
)


@signature(code="net-ip-exhausted", area="network")
def net_ip_exhausted(snapshot: Snapshot) -> Iterator[Finding]:
    """Every address of the network's subnet is given to a container.

    The network is there and the container is fine; `net-pools-exhausted` is the same a level higher, where no subnet is
    left for another network. Three addresses of a subnet are never given out: the first, the last and the gateway's.

    Seen
    ----
        Error response from daemon: no available IPv4 addresses on this network's address pools: small (89d36e1c6650)
    """
    for refusal in refusals(snapshot, EXHAUSTED):
        net = refusal.match["net"]
        subnets = next((", ".join(each.subnets) for each in snapshot.networks if each.name == net), "")
        yield refusal.found(
            refusal.written("networks"),
            message=f"The network {net}{f' ({subnets})' if subnets else ''} has no free address.",
            cause="Its subnet is smaller than the number of containers on it.",
            fix="Remove stopped or forgotten containers from it, or make it anew with a larger subnet (ipam).",
            about=net,
        )


@signature(code="net-ip-used", area="network")
def net_ip_used(snapshot: Snapshot) -> Iterator[Finding]:
    """The fixed address that a container asks for belongs to another one already.

    It is an address of the network that is taken, not a port: with a port in the message it is `port-inuse-host`.

    Seen
    ----
        Error response from daemon: failed to set up container networking: Address already in use
    """
    for refusal in refusals(snapshot, USED):
        yield refusal.found(
            refusal.written("networks"),
            message="The container's fixed address is taken by another container on that network.",
            cause="Two containers have the same ipv4_address, or one got it from the pool before.",
            fix="Choose another ipv4_address, outside the network's ip_range, or leave it to the engine.",
        )


@net_ip_used.fix
def any_address(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Leave the address to the engine, where the files name it for nothing but to give it."""
    container, model = container_in(snapshot, finding), snapshot.model
    written = service_value(snapshot, container, "networks")
    networks = cast("dict[str, dict[str, Any] | None]", written) if isinstance(written, dict) else {}
    fixed = {name: str(place[FIXED]) for name, place in networks.items() if place and FIXED in place}
    texts = [document.source.text for document in model.documents] if model else []
    name, address = next(iter(fixed.items()), ("", ""))
    places = re.compile(rf"{FIXED}:\s*[\"']?{re.escape(address)}(?![\d.])")
    if len(fixed) != 1 or any(text.count(address) != len(places.findall(text)) for text in texts):
        return None
    why = f"{address} is taken; other services find it by its name, so the engine may choose its address."
    if len(networks[name] or {}) == 1:
        return recreate(snapshot, finding, {("networks", name): {}}, why)
    return recreate(snapshot, finding, {}, why, without=[("networks", name, FIXED)])


@signature(code="net-ip-outside", area="network")
def net_ip_outside(snapshot: Snapshot) -> Iterator[Finding]:
    """The fixed address that a container asks for lies outside the network's subnet.

    No container has it; `net-ip-used` is an address inside the subnet that is taken.

    Seen
    ----
        no configured subnet or ip-range contain the IP address 10.78.0.9
    """
    for refusal in spoken(snapshot, OUTSIDE):
        if DEFAULT.search(refusal.match.string):
            continue
        yield refusal.found(
            message=f"The address {refusal.match['ip']} is not in the network's subnet.",
            cause="ipv4_address and the subnet under ipam do not fit each other.",
            fix="Choose an address of the subnet (`docker network inspect` shows it), or change the subnet.",
        )


@signature(code="net-ip-default", area="network")
def net_ip_default(snapshot: Snapshot) -> Iterator[Finding]:
    """A fixed address is asked for on a network where the engine chooses the subnet.

    That is so on the default bridge, and on any network without an own subnet; the address itself may be fine, which
    tells it from `net-ip-outside`.

    Seen
    ----
        * user specified IP address is supported on user defined networks only
        user specified IP address is supported only when connecting to networks with user configured subnets
    """
    for refusal in spoken(snapshot, DEFAULT):
        yield refusal.found(
            message="A fixed address needs a network with a subnet of its own.",
            cause="The network is the default bridge, or its subnet was left to the engine.",
            fix="Give the network a subnet (ipam: config: - subnet: 10.77.0.0/24) and take the address from it.",
        )
