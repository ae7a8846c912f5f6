"""Containers with every right on the host."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose import ComposeModel
from docker_agent.project.edit import Edit, remove_service_key


@rule(severity=Severity.ERROR, area="security")
def privileged_mode(model: ComposeModel) -> Iterator[Finding]:
    """A privileged container can do everything that root on the host can.

    Why
    ---
    `privileged: true` turns off seccomp, AppArmor and the device list, and grants all capabilities: whoever breaks into
    the container owns the host.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            privileged: true

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            cap_add: [NET_BIND_SERVICE]

    Instead
    -------
    Grant the one capability (`cap_add`) or device (`devices`) that is needed.

    See
    ---
    CIS Docker Benchmark 5.5
    """
    for service in model.services.values():
        if service.privileged:
            yield fault(
                model,
                model.place(("services", service.name, "privileged")),
                service.name,
                f"{service.name} runs privileged, with every right on the host.",
                "Take privileged out and grant the one capability or device that is needed.",
            )


@privileged_mode.fix("behaviour")
def take_out(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the key out; a container that needs a right then says which."""
    return remove_service_key(model, finding.object, ("privileged",))
