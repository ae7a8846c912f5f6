"""Devices asked for by number and by name."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Sequence
from docker_agent.project.compose.texts import mapping


@rule(severity=Severity.ERROR, area="model")
def device_request(model: ComposeModel) -> Iterator[Finding]:
    """A request for devices has `count` and `device_ids`, which exclude each other.

    Why
    ---
    Either so many devices, or these ones; Compose refuses the project where both are there.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            gpus:
              - {count: 1, device_ids: ['0']}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            gpus:
              - {device_ids: ['0']}
    """
    for service in model.services.values():
        resources = mapping(mapping(service.raw.get("deploy")).get("resources"))
        devices = mapping(resources.get("reservations")).get("devices")
        for requests in (service.raw.get("gpus"), devices):
            for item in requests.items if isinstance(requests, Sequence) else ():
                if isinstance(item, Mapping) and {"count", "device_ids"} <= item.index.keys():
                    place = item.index["count"].key.place
                    message = f"{service.name} asks for devices by count and by device_ids."
                    yield fault(model, place, service.name, message, "Keep one of the two.")
