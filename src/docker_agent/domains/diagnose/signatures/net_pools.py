"""A network cannot be made: its subnet clashes, or no subnet is left."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.project.compose.texts import mapping, sequence, text

OVERLAP = re.compile(r"invalid pool request: Pool overlaps with other one on this address space")
EXHAUSTED = re.compile(
    r"all predefined address pools have been fully subnetted"
    r"|could not find an available, non-overlapping IPv4 address pool"
)


@signature(code="net-overlap", area="network")
def net_overlap(snapshot: Snapshot) -> Iterator[Finding]:
    """The subnet that a new network asks for overlaps the one of another network.

    The subnet was chosen by hand; where the engine chose and found none, it is `net-pools-exhausted`. Also told before
    anybody tries, from the compose file and the networks that are there.

    Seen
    ----
        Error response from daemon: invalid pool request: Pool overlaps with other one on this address space
        failed to create network shop_x: Error response from daemon: invalid pool request: Pool overlaps with other one on this address space
    """
    planned = list(_planned(snapshot))
    yield from planned
    for refusal in spoken(snapshot, OVERLAP) if not planned else ():
        taken = ", ".join(f"{each.name} {' '.join(each.subnets)}" for each in snapshot.networks if each.subnets)
        yield refusal.found(
            message="The subnet of the new network overlaps another network's.",
            cause=f"There are: {taken}." if taken else "Another Docker network has addresses of that subnet.",
            fix="Choose a free subnet under ipam, or leave it out, so that the engine chooses one.",
        )


@signature(code="net-pools-exhausted", area="network")
def net_pools_exhausted(snapshot: Snapshot) -> Iterator[Finding]:
    """No subnet is left for a new network.

    The engine cuts subnets from pools, about 30 by default, and each network takes one, used or not. `net-overlap` is a
    subnet chosen by hand, `net-ip-exhausted` a single network that is full.

    Seen
    ----
        Error response from daemon: all predefined address pools have been fully subnetted
        could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network
    """
    for refusal in spoken(snapshot, EXHAUSTED):
        idle = ", ".join(each.name for each in snapshot.networks if not each.containers and each.driver == "bridge")
        yield refusal.found(
            message="No subnet is left for another network.",
            cause=f"Every network takes a subnet, also an unused one{f' ({idle[:200]})' if idle else ''}.",
            fix="Remove unused networks (docker network prune), or set smaller default-address-pools (size 24) in "
            "daemon.json.",
        )


def _planned(snapshot: Snapshot) -> Iterator[Finding]:
    """Networks of the compose file that are not made yet, and whose subnet overlaps one that is there."""
    model = snapshot.model
    present = {each.name for each in snapshot.networks}
    for key, network in model.networks.items() if model else ():
        if model is None or network.external or (network.name or f"{snapshot.project}_{key}") in present:
            continue
        configs = sequence(model.node(("networks", key, "ipam", "config")))
        for subnet in (text(mapping(each).get("subnet")) for each in configs):
            other = next((each for each in snapshot.networks if _overlap(subnet, each.subnets)), None)
            if other is None:
                continue
            yield Finding(
                code="",
                severity=Severity.ERROR,
                object=key,
                message=f"The network {key} cannot be made: its subnet {subnet} overlaps {other.name} "
                f"({', '.join(other.subnets)}).",
                cause=f"Docker's network {other.name} has addresses of that subnet already.",
                fix="Choose a free subnet under ipam, or leave it out, so that the engine chooses one.",
                evidence=(
                    Evidence(source="compose", where=str(network.place), quote=subnet),
                    Evidence(source="inspect", where=f"network {other.name} IPAM", quote=", ".join(other.subnets)),
                ),
            )


def _overlap(subnet: str, others: tuple[str, ...]) -> bool:
    try:
        mine = ipaddress.ip_network(subnet, strict=False)
        its = [ipaddress.ip_network(other, strict=False) for other in others]
    except ValueError:
        return False
    return any(mine.version == other.version and mine.overlaps(other) for other in its)
