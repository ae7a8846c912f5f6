"""Exposed ports that are published anyway."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import has_unknown, known_items
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit, remove_service_key


@rule(severity=Severity.OFF, area="style")
def expose_published(model: ComposeModel) -> Iterator[Finding]:
    """All ports under `expose` are published too, so that the lines change nothing.

    Why
    ---
    `expose` opens nothing and closes nothing: services of one network reach every port of each other. It only writes
    the port into the container's metadata, where publishing it puts it too. Ports that are not published may be read
    there by a proxy, and are not flagged. Harmless, so this rule is off until it is asked for.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            expose: ["80"]
            ports: ["127.0.0.1:8080:80"]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            expose: ["80", "9113"]
            ports: ["127.0.0.1:8080:80"]

    Instead
    -------
    Take `expose` out.
    """
    for service in model.services.values():
        if _is_published(service):
            place = service.raw.index["expose"].key.place
            message = f"{service.name} has expose for ports that it publishes."
            yield fault(model, place, service.name, message, "Take expose out.")


@expose_published.fix("safe")
def remove_expose(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take `expose` out."""
    return remove_service_key(model, finding.object, ("expose",))


def _is_published(service: Service) -> bool:
    if "expose" not in service.raw.index or service.network_mode or has_unknown(service, "expose"):
        return False
    published = {f"{port.target}/{port.protocol}" for port in service.ports if port.target == port.target_last}
    exposed = [item.value if "/" in item.value else f"{item.value}/tcp" for item in known_items(service, "expose")]
    return bool(exposed) and all(port in published for port in exposed)
