"""Capabilities that stay within the container's own namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.capabilities import granted
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="security")
def cap_bounded(model: ComposeModel) -> Iterator[Finding]:
    """A container has a strong capability that its own namespaces keep in.

    Why
    ---
    NET_ADMIN changes addresses and packet filters of the container's own network and can take over its neighbours'
    addresses there; it also opens parts of the kernel (nftables, traffic control) where many escapes of the last years
    were found. SYS_PTRACE reads the memory, and so the secrets, of every process of the container. VPN clients, DHCP
    servers and firewalls need the first; debuggers and profilers the second.

    Flagged
    -------
        services:
          app:
            image: app:1
            cap_add: [SYS_PTRACE]

    Fine
    ----
        services:
          app:
            image: app:1
            cap_drop: [ALL]
            cap_add: [NET_BIND_SERVICE, CHOWN]

    Instead
    -------
    Keep debugging rights in an override file that production does not load. `ping` needs no
    right at all since Engine 20.10. Fine to ignore for a VPN in a network of its own.

    See
    ---
    CIS Docker Benchmark 5.4 · cap_host_adjacent and cap_host_exec, for the same with the host's namespaces
    """
    yield from granted(model, "cap_bounded")
