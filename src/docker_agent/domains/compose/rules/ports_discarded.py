"""Ports that are published from no network of the container's own."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, remove_service_key


@rule(severity=Severity.WARN, area="conflict")
def ports_discarded(model: ComposeModel) -> Iterator[Finding]:
    """A service publishes ports, but has no network of its own to publish them from.

    Why
    ---
    With `network_mode: host` the server listens on the host itself, on its own port and on every interface: `8080:80`
    and `127.0.0.1:` mean nothing. With `none` nobody reaches it. With `service:` or `container:` the engine refuses to
    create the container, and that is an error.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            network_mode: host
            ports: ["127.0.0.1:8080:80"]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            ports: ["127.0.0.1:8080:80"]
          vpn:
            image: vpn:1
            ports: ["8090:8090"]
          download:
            image: download:1
            network_mode: service:vpn

    Instead
    -------
    Take `ports` out, or take `network_mode` out. Beside another service's network, publish the port there.
    """
    for service in model.services.values():
        mode = known_item(service, "network_mode")
        if mode is None or "ports" not in service.raw.index or not service.ports:
            continue
        kind, _, other = mode.value.partition(":")
        place = model.key_place(("services", service.name, "ports"))
        if mode.value in {"host", "none"}:
            yield fault(
                model,
                place,
                service.name,
                f"{service.name} publishes ports, which network_mode: {mode.value} discards.",
                "Take ports out, or take network_mode out.",
            )
        elif kind in {"service", "container"}:
            found = fault(
                model,
                place,
                service.name,
                f"{service.name} publishes ports, but uses the network of {other}, which the engine refuses.",
                f"Publish the ports in {other}.",
            )
            yield replace(found, severity=Severity.ERROR)


@ports_discarded.fix("suggest")
def remove_ports(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the ports out, so that the file says what happens already."""
    mode = model.services[finding.object].network_mode
    return remove_service_key(model, finding.object, ("ports",)) if mode in {"host", "none"} else []
