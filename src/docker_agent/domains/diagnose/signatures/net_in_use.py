"""A network cannot be removed while containers are on it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"network (?P<net>\S+) has active endpoints(?P<who>[^\n]*)")
NAME = re.compile(r'name:\\?"([\w.-]+)')


@signature(code="net-in-use", area="network")
def net_in_use(snapshot: Snapshot) -> Iterator[Finding]:
    """A network cannot be removed while containers are on it.

    Compose leaves such a network behind at `down`, most often because a container of another project or one that was
    started by hand joined it. Nothing is broken.

    Seen
    ----
        Error response from daemon: error while removing network: network sxnet has active endpoints (name:"sx8" id:"ac41b0e62cc7")
    """
    for refusal in spoken(snapshot, PATTERN):
        net = refusal.match["net"]
        attached = next((each.containers for each in snapshot.networks if each.name == net), ())
        who = ", ".join(dict.fromkeys((*NAME.findall(refusal.match["who"]), *attached)))
        yield refusal.found(
            message=f"The network {net} is in use{f' by {who}' if who else ''}.",
            cause="Containers are attached to it; those of another project are not stopped by `docker compose down`.",
            fix=f"Stop them, or take them off it (docker network disconnect {net} CONTAINER), then remove it.",
            about=net,
        )
