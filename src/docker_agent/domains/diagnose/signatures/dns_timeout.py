"""No name server answers the container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, host_config, inspected, logged, sure, written
from docker_agent.domains.diagnose.messages import heard
from docker_agent.domains.diagnose.reaching import unreached
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"connection timed out; no servers could be reached|lookup [\w.-]+ on [\w.:\[\]]+: .{0,120}i/o timeout"
    r"|resolving timed out after|no answer from the name ?server",
    re.IGNORECASE,
)


@signature(code="dns-timeout", area="network")
def dns_timeout(snapshot: Snapshot) -> Iterator[Finding]:
    """No name server answers the container.

    Nothing is said of the name itself; a server that answers and does not know it is `dns-servfail`. The line
    `# ExtServers:` of the container's resolv.conf shows whom the engine asks. A name outside that fails in a service with
    name servers of its own (`dns:`) counts too.

    Seen
    ----
        ;; connection timed out; no servers could be reached
        dial tcp: lookup example.org on 192.0.2.1:53: read udp 172.16.0.2:42115->192.0.2.1:53: i/o timeout
        curl: (28) Resolving timed out after 5001 milliseconds
    """
    for each in unreached(snapshot, "resolver"):
        asked = ", ".join(host_config(each.container).get("Dns") or [])
        yield found(
            snapshot,
            each.container,
            logged(snapshot, each.container, each.line),
            inspected(snapshot, each.container, "HostConfig.Dns", asked),
            written(snapshot, each.container, "dns"),
            message=f"{each.name} could not be resolved through {asked}, the name server of this service alone.",
            cause="That name server is wrong, down, or cut off by a firewall or VPN; or it does not know the name.",
            fix="Set one that answers under `dns:`, or drop `dns:`, so that the engine asks the host's.",
            confidence=sure(snapshot, each.container),
        )
    for refusal in heard(snapshot, PATTERN):
        container = refusal.container
        servers: list[str] = (host_config(container).get("Dns") or []) if container else []
        yield refusal.found(
            inspected(snapshot, container, "HostConfig.Dns", ", ".join(servers)) if container and servers else None,
            refusal.written("dns"),
            message=f"The name servers {', '.join(servers)} do not answer." if servers else "No name server answers.",
            cause="The configured name server is wrong, down, or cut off by a firewall or VPN.",
            fix='Set one that answers: `dns:` of the service, or "dns" in the engine\'s daemon.json; then restart.',
            confidence="likely",
            severity=Severity.ERROR if container is None or snapshot.broken(container) else Severity.WARN,
        )
