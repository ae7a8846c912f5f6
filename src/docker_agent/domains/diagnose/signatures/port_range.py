"""A port mapping that no host can have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"[Ii]nvalid (?P<what>hostPort|containerPort|proto): (?P<value>\S+)"
    r"|[Ii]nvalid ranges specified for container and host Ports"
)


@signature(code="port-range", area="network")
def port_range(snapshot: Snapshot) -> Iterator[Finding]:
    """A port mapping that no host can have: a number past 65535, a word, or another protocol than tcp, udp and sctp.

    The client refuses it before the engine hears of it. A port that is possible but taken is `port-allocated` or
    `port-inuse-host`.

    Seen
    ----
        docker: Invalid hostPort: 70000
        Invalid proto: icmp
        docker: Invalid containerPort: 70000
        docker: Invalid ranges specified for container and host Ports: 8000-8002 and 80-81
    """
    for refusal in spoken(snapshot, PATTERN):
        value, what = refusal.match["value"], refusal.match["what"]
        yield refusal.found(
            message=f"{value} is no valid {'protocol' if what == 'proto' else 'port'}."
            if value
            else "The two ranges of ports differ in length.",
            cause="A mapping is [ADDRESS:]HOST:CONTAINER[/tcp|udp|sctp] with ports from 1 to 65535.",
            fix="Correct the mapping under `ports:` or behind -p.",
        )
