"""Databases and consoles that the whole network can reach."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.published import open_ports, sensitive, shown
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

DOCKER_API = 2375


@rule(severity=Severity.WARN, area="security")
def sensitive_port_public(model: ComposeModel) -> Iterator[Finding]:
    """The port of a database or of another inner service is published on every interface.

    Why
    ---
    The engine's packet filter rules come before those of ufw and firewalld, so the port is open to whoever can reach
    the host. Robots try default and leaked passwords on 5432, 3306, 6379 and 27017 all day; Redis and MongoDB without a
    password have been emptied for ransom by the ten thousand. Port 2375, the
    Docker API without TLS, is root on the host for anyone: that one is an error.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2
            ports: ["15432:5432"]

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            ports: ["127.0.0.1:5432:5432"]
          app:
            image: app:1
            depends_on: [db]

    Instead
    -------
    Take the port out: services of the same network reach each other without it. For tools on the host publish to
    127.0.0.1, from elsewhere go through an SSH tunnel (`ssh -L 5432:127.0.0.1:5432 host`) or a VPN. If machines of the
    local network must reach it, name the local address. Fine to ignore on a laptop that is only ever at home.

    See
    ---
    CIS Docker Benchmark 5.14 · unbound_port
    """
    for service in model.services.values():
        for port in open_ports(model, service):
            what = sensitive(service, port)
            if not what:
                continue
            found = fault(
                model,
                port.place,
                service.name,
                f"{service.name} publishes {what} ({shown(port)}) on every interface of the host.",
                "Take the port out, or publish it to 127.0.0.1.",
            )
            yield replace(found, severity=Severity.ERROR) if port.target == DOCKER_API else found
