"""Traefik sends requests to a container that is stopped and has no address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import inspected
from docker_agent.domains.diagnose.mend import container_in
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.routing import TRUE, routed
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.diagnose.starting import start

PATTERN = re.compile(r'unsupported protocol scheme (?:\\?"){2}')
ALLOW = "traefik.docker.allownonrunning"


@signature(code="tr-500-scheme", area="proxy")
def tr_500_scheme(snapshot: Snapshot) -> Iterator[Finding]:
    r"""Traefik sends requests to a stopped container, which has no address, and answers 500.

    With `traefik.docker.allownonrunning=true` a stopped container stays in its service as a server without URL, which
    counts as up. Its log says so only with --log.level=DEBUG.

    Seen
    ----
        DBG 500 Internal Server Error error="unsupported protocol scheme \"\""
    """
    for each in routed(snapshot):
        label = each.label(ALLOW)
        if each.container.running or not label or label[1].lower() not in TRUE or not each.enabled:
            continue
        for name in each.services:
            service = each.proxy.service(f"{name}@docker")
            if service and any(not server.url for server in service.servers):
                yield each.found(
                    each.place(label[0]),
                    each.shown(f"http/services/{service.name}", "a server without url"),
                    inspected(snapshot, each.container, "State.Status", each.container.status),
                    message="It is stopped, and Traefik still sends requests to it, which get 500.",
                    cause=f"{label[0]} keeps it in the service {service.name} as a server without an address.",
                    fix="Start it, or take the label out; where traffic is weighted, take its weight away first.",
                )
    for refusal in spoken(snapshot, PATTERN):
        yield refusal.found(
            message="Traefik sends requests to a server without an address.",
            cause="A stopped container stays in its service, by traefik.docker.allownonrunning=true.",
            fix="Start it, or take the label out; where traffic is weighted, take its weight away first.",
        )


@tr_500_scheme.fix
def start_again(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Once it runs it has an address, and Traefik sends requests there."""
    return start(snapshot, finding, container_in(snapshot, finding), "Once it runs, Traefik has an address for it.")
