"""Ports that something else on the host has already."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.facts.addresses import same_address
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import PublishedPort
from docker_agent.project.engine_state import TakenPort


@rule(severity=Severity.ERROR, area="conflict")
def port_in_use(model: ComposeModel) -> Iterator[Finding]:
    """A published port is taken by another container or by a program of the host.

    Why
    ---
    The container is created and does not start: "port is already allocated", or "address already in use" where a
    program has it, such as a database that was installed on the host. Said only by `compose check` where an engine
    answers; the project's own containers are left out, since they are replaced. (The example is read as if the
    container `other` had port 8080.)

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            ports: ["8080:80"]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            ports: ["8081:80"]

    Instead
    -------
    Publish on another port, or stop what has it. `ss -ltnp` names the programs that listen.
    """
    if model.engine is None:
        return
    for service in model.services.values():
        if service.network_mode == "host" or not model.is_active(service):
            continue
        for port in service.ports:
            taken = next((taken for taken in model.engine.ports if _meets(port, taken)), None)
            if taken:
                yield fault(
                    model,
                    port.place,
                    service.name,
                    f"{service.name} publishes port {taken.port}, which {taken.holder} has.",
                    "Publish on another port, or stop what has it.",
                )


def _meets(port: PublishedPort, taken: TakenPort) -> bool:
    reaches = not port.pool and port.first <= taken.port <= port.last
    return reaches and port.protocol == taken.protocol and same_address(port.host_ip, taken.host_ip)
