"""Capabilities that lead to the host's kernel or network."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.capabilities import granted
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def cap_host_adjacent(model: ComposeModel) -> Iterator[Finding]:
    """A container has a capability that works on the host's own kernel or network.

    Why
    ---
    BPF loads programs into the one kernel that all containers share; faults of its verifier have been escapes more than
    once. NET_ADMIN is harmless inside a network of its own, but with `network_mode: host` it is the host's firewall,
    routes and addresses that change: an intruder opens closed ports and listens to everybody's traffic. SYS_BOOT
    restarts the machine as soon as the process namespace is the host's.

    Flagged
    -------
        services:
          app:
            image: app:1
            network_mode: host
            cap_add: [NET_ADMIN]

    Fine
    ----
        services:
          vpn:
            image: tailscale/tailscale:v1.88.3
            cap_add: [NET_ADMIN]
            devices: [/dev/net/tun]

    Instead
    -------
    Firewalls and bans belong to the host where that is possible (fail2ban as a package). VPNs work in a network of
    their own: let the other containers join it by `network_mode: service:vpn`. Images made for it get a remark only.

    See
    ---
    CIS Docker Benchmark 5.4 · cap_bounded · host_network
    """
    yield from granted(model, "cap_host_adjacent")
