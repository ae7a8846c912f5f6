"""Published ports of a container on the host's network."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import found, host_config, inspected, written
from docker_agent.domains.diagnose.mend import recreate
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(r"Published ports are discarded when using host network mode")


@signature(code="port-hostnet", area="network")
def port_hostnet(snapshot: Snapshot) -> Iterator[Finding]:
    """Ports are published by a container on the host's network, which does nothing.

    The application's own port is open on the host as it is; the mapping is dropped with a warning. `net-container-ports`
    is the same with another container's network, where the engine refuses.

    Seen
    ----
        WARNING: Published ports are discarded when using host network mode
    """
    for container in snapshot.containers:
        bindings: dict[str, object] = host_config(container).get("PortBindings") or {}
        if container.network_mode == "host" and bindings:
            yield found(
                snapshot,
                container,
                inspected(snapshot, container, "HostConfig.PortBindings", ", ".join(bindings)),
                written(snapshot, container, "ports"),
                message="Its published ports do nothing: it is on the host's network.",
                cause="network_mode: host, so the application's own port is the host's, and no mapping is made.",
                fix="Drop `ports:`, or drop network_mode: host if the mapping is meant.",
                severity=Severity.WARN,
            )
    for refusal in spoken(snapshot, PATTERN):
        yield refusal.found(
            message="The published ports do nothing on the host's network.",
            cause="With host networking the application's own port is the host's, and no mapping is made.",
            fix="Drop -p or `ports:`, or leave out the host network.",
            severity=Severity.WARN,
        )


@port_hostnet.fix
def drop_ports(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Take out the ports that do nothing; what answers on the host stays as it is."""
    why = "On the host's network no mapping is made, so these lines do nothing."
    return recreate(snapshot, finding, {}, why, without=[("ports",)])
