"""A network cannot be made: its subnet clashes, or no subnet is left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

OVERLAP = re.compile(r"invalid pool request: Pool overlaps with other one on this address space")
EXHAUSTED = re.compile(
    r"all predefined address pools have been fully subnetted"
    r"|could not find an available, non-overlapping IPv4 address pool"
)


@signature(code="net-overlap", area="network")
def net_overlap(snapshot: Snapshot) -> Iterator[Finding]:
    """The subnet that a new network asks for overlaps the one of another network.

    The subnet was chosen by hand; where the engine chose and found none, it is `net-pools-exhausted`.

    Seen
    ----
        Error response from daemon: invalid pool request: Pool overlaps with other one on this address space
        failed to create network shop_x: Error response from daemon: invalid pool request: Pool overlaps with other one on this address space
    """
    for refusal in spoken(snapshot, OVERLAP):
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
