"""A weighted, mirrored or spare service of Traefik names a container's service that is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import concerned, shown
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r'building HTTP service \\?"(?P<child>[^"\\]+@docker)\\?": the service \\?"[^"\\]+\\?" does not exist'
)
GONE = re.compile(r'the service "(?P<child>[^"]+@docker)" does not exist')


@signature(code="tr-404-weighted-child", area="proxy")
def tr_404_weighted_child(snapshot: Snapshot) -> Iterator[Finding]:
    r"""A weighted service of Traefik names a container that is gone, and all of its traffic gets 404.

    Also that of the containers that still run, and also with weight 0: one missing child disables the whole service.
    The same is said for a moment while Traefik starts; the API tells whether it stayed so.

    Seen
    ----
        ERR error="building HTTP service \"blue@docker\": the service \"blue@docker\" does not exist" entryPointName=web routerName=app@file
    """
    for proxy in snapshot.proxies:
        for service in proxy.services:
            match = next(filter(None, map(GONE.search, service.errors)), None)
            hit = concerned(snapshot, proxy, service) if service.children and not service.enabled else None
            if match and hit:
                yield found(
                    snapshot,
                    hit,
                    shown(snapshot, proxy, f"http/services/{service.name}", service.errors[0]),
                    message=f"Traefik's service {service.name} is disabled: its child {match['child']} is gone.",
                    cause="The container that defines it was stopped or removed while the file still names it.",
                    fix=f"Take {match['child']} out of the file of {service.name}, or start its container; next time first the file.",
                    severity=Severity.ERROR,
                )
    for refusal in spoken(snapshot, PATTERN):
        yield refusal.found(
            message=f"A weighted service of Traefik names {refusal.match['child']}, which does not exist.",
            cause="Its container was stopped or removed while the file still names it; that disables the whole service.",
            fix="Take it out of the file, or start its container; next time take it out first.",
        )
