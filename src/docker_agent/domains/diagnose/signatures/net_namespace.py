"""A container that lives in the network of another one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import refusals, spoken
from docker_agent.domains.diagnose.networks import remake
from docker_agent.domains.diagnose.snapshot import Snapshot

MISSING = re.compile(r"joining network namespace of container: No such container: (?P<other>[\w.-]+)")
PORTS = re.compile(r"conflicting options: port publishing and the container type network mode")


@signature(code="net-container-missing", area="network")
def net_container_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The container whose network this one shares is gone.

    `network_mode: service:X` is kept as the id of X's container, so a new container for X leaves this one behind. It is
    no missing network: that is `net-missing`.

    Seen
    ----
        Error response from daemon: joining network namespace of container: No such container: 4bb9470f20cb
    """
    for refusal in refusals(snapshot, MISSING):
        yield refusal.found(
            refusal.written("network_mode"),
            message=f"The container {refusal.match['other'][:12]}, whose network it shares, does not exist any more.",
            cause="That container was removed or made anew after this one was made.",
            fix="Make this container new as well (`docker compose up -d --force-recreate` for both services).",
        )


@net_container_missing.fix
def join_again(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """A new container joins the network of the one that is there now."""
    return remake(snapshot, finding, "A new container joins the network of the one that is there now.")


@signature(code="net-container-ports", area="network")
def net_container_ports(snapshot: Snapshot) -> Iterator[Finding]:
    """A container that shares another one's network publishes ports of its own.

    Only the owner of the network can publish; `port-hostnet` is the same with the host's network, where the engine only
    warns.

    Seen
    ----
        Error response from daemon: conflicting options: port publishing and the container type network mode
    """
    for refusal in spoken(snapshot, PORTS):
        yield refusal.found(
            message="Ports cannot be published by a container that shares another one's network.",
            cause="network_mode: service:X or container:X, and `ports`, on the same service.",
            fix="Publish the ports on the service that owns the network, and drop `ports` here.",
        )
