"""Capabilities that change settings the host has only once."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.capabilities import granted
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.WARN, area="security")
def cap_host_reach(model: ComposeModel) -> Iterator[Finding]:
    """A container has a capability that changes something which the whole host has only once.

    Why
    ---
    There is one clock, one audit log and one security policy, and no namespace around them. SYS_TIME moves the clock of
    all containers: certificates expire or become valid again, one-time codes and tokens fail, databases lose their
    order of events. AUDIT_CONTROL turns the log off that would have shown the intruder; MAC_ADMIN changes AppArmor's
    rules.

    Flagged
    -------
        services:
          app:
            image: app:1
            cap_add: [SYS_TIME]

    Fine
    ----
        services:
          app:
            image: app:1
            environment:
              TZ: Europe/Vienna

    Instead
    -------
    A time zone needs no right, only `TZ` or /etc/localtime. Keep time on the host (chrony, systemd-timesyncd). An image
    whose work it is (chrony) gets a remark only.

    See
    ---
    CIS Docker Benchmark 5.4 · capabilities(7), time_namespaces(7)
    """
    yield from granted(model, "cap_host_reach")
