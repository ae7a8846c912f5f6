"""A network that is joined does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.messages import refusals
from docker_agent.domains.diagnose.networks import remake
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"network (?P<net>[\w.-]+) (?:not found|declared as external, but could not be found)"
    r"|network (?P<old>[\w.-]+) declared as external, but it does not exist"
)


@signature(code="net-missing", area="network")
def net_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """A network that is joined does not exist.

    A container remembers its networks by their ids, so one that was removed and made again is another; and the network
    `back` of a project `shop` is called `shop_back` outside it. A network that is there but has no subnet or address
    left says so (`net-pools-exhausted`, `net-ip-exhausted`).

    Seen
    ----
        Error response from daemon: failed to set up container networking: network nosuchnet not found
        network sxnosuch declared as external, but could not be found
    """
    for refusal in refusals(snapshot, PATTERN):
        net = refusal.match["net"] or refusal.match["old"]
        near = ", ".join(each.name for each in snapshot.networks if each.name.endswith(f"_{net}"))
        yield refusal.found(
            refusal.written("networks"),
            message=f"The network {net} does not exist{f'; there is {near}' if near else ''}.",
            cause="It was removed after the container was made, or its name lacks the project's prefix.",
            fix="Make the container new (`docker compose up -d --force-recreate`), or create the external network "
            f"(docker network create {net}).",
            about=net,
        )


@net_missing.fix
def make_new(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """A new container, with the network that Compose makes for it; an external one somebody else has to make."""
    container, present = container_in(snapshot, finding), {each.name for each in snapshot.networks}
    model = snapshot.model
    joined = model.services[container.service].networks if model and container.service in model.services else ()
    networks = [model.networks[key] for key in joined if model and key in model.networks]
    if any(each.external and (each.name or each.key) not in present for each in networks):
        return None
    return remake(snapshot, finding, "Compose makes the missing network, and a new container joins it.")
