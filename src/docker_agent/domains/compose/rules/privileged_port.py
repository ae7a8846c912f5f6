"""Host ports that belong to the system."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.published import is_public, sensitive, shown
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

FIRST_FREE = 1024

# What usually holds these ports already on a Linux host.
TAKEN = {22: "sshd", 111: "rpcbind", 139: "Samba", 445: "Samba", 514: "syslog", 631: "CUPS"}


@rule(severity=Severity.INFO, area="security")
def privileged_port(model: ComposeModel) -> Iterator[Finding]:
    """A port of the host below 1024 is published.

    Why
    ---
    These ports are the system's: only root may open them, and clients trust what answers there. The host's own sshd,
    CUPS or rpcbind often holds them already, and a rootless engine may not open them at all
    (`net.ipv4.ip_unprivileged_port_start`). Ports that servers are expected on are not flagged: web (80, 443), mail,
    DNS, NTP, VPN; nor those that sensitive_port_public speaks of.

    Ports below 1024 inside the container are no matter: since Engine 20.10 any user may open them there.

    Flagged
    -------
        services:
          git:
            image: gitea/gitea:1.24
            ports: ["22:22"]

    Fine
    ----
        services:
          git:
            image: gitea/gitea:1.24
            ports: ["2222:22", "443:3000"]

    Instead
    -------
    Publish on a port from 1024 on, or reach it through a proxy on 443. Fine to ignore where clients know no other port.

    See
    ---
    CIS Docker Benchmark 5.8
    """
    for service in model.services.values():
        if service.network_mode:
            continue
        for port in service.ports:
            if not 0 < port.first < FIRST_FREE or is_public(port) or sensitive(service, port):
                continue
            taken = TAKEN.get(port.first)
            clash = f", which {taken} on the host usually holds" if taken else ", one of the system's ports"
            yield fault(
                model,
                port.place,
                service.name,
                f"{service.name} publishes on the host's port {shown(port)}{clash}.",
                f"Publish on a port from {FIRST_FREE} on.",
            )
