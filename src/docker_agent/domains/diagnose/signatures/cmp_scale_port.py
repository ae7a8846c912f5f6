"""A service with a fixed host port is to run more than once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import Refusal, refusals
from docker_agent.domains.diagnose.ports import holder_of
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?:endpoint (?P<stem>[\w.-]{1,200})-(?P<number>\d+) [^\n]{0,300})?Bind for \S{1,80}:(?P<port>\d+) failed: port is already allocated"
)


@signature(code="cmp-scale-port", area="network")
def cmp_scale_port(snapshot: Snapshot) -> Iterator[Finding]:
    """A service with a fixed host port is to run more than once, and only one container can have the port.

    Another replica of the same service holds it, which the number at the end of the container's name tells. A port that
    a foreign container holds is `port-allocated`.

    Seen
    ----
        Error response from daemon: driver failed programming external connectivity on endpoint shop-web-2 (04f9): Bind for 127.0.0.1:8080 failed: port is already allocated
    """
    for refusal in refusals(snapshot, PATTERN):
        if _is_replica(refusal):
            yield refusal.found(
                refusal.written("ports"),
                message=f"Another container of the same service holds port {refusal.match['port']} of the host.",
                cause="A fixed host port can be published once only, so the service cannot run twice on one host.",
                fix="Publish a range (8080-8089:80) or only the container's port, or put a proxy before the replicas.",
            )


def _is_replica(refusal: Refusal) -> bool:
    container, match = refusal.container, refusal.match
    if container is not None:
        holder = holder_of(refusal.snapshot, container, int(match["port"]))
        return holder is not None and (holder.project, holder.service) == (container.project, container.service)
    if not match["stem"]:
        return False
    numbers = set(re.findall(rf"{re.escape(match['stem'])}-(\d+)\b", match.string))
    return int(match["number"]) > 1 or len(numbers) > 1
