"""Ports that are not sorted."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.OFF, area="style")
def ports_order(model: ComposeModel) -> Iterator[Finding]:
    """The published ports of a service are not sorted by number.

    Why
    ---
    A matter of taste: sorted by the host's port, then the container's, two entries for one port stand beside each
    other and are seen.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            ports: ["8080:80", "443:443"]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            ports: ["443:443", "8080:80"]

    Instead
    -------
    Sort them by hand; comments beside them go along.
    """
    for service in model.services.values():
        for before, port in zip(service.ports, service.ports[1:], strict=False):
            if (port.first, port.target) < (before.first, before.target) and port.place.file == before.place.file:
                message = f"{service.name} publishes {port.first or port.target} after {before.first or before.target}."
                yield fault(model, port.place, service.name, message, "Sort the ports by number.")
                break
