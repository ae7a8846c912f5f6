"""Containers outside the engine's own control group."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="security")
def cgroup_parent(model: ComposeModel) -> Iterator[Finding]:
    """A container is put into another control group than the engine's.

    Why
    ---
    Limits that an administrator has set on the engine's group no longer hold for it, and those of the other group do:
    in `system.slice` it competes with sshd and the engine itself. With the systemd driver, which is usual today, the
    name has to end in `.slice`, or the container does not start.

    Flagged
    -------
        services:
          app:
            image: app:1
            cgroup_parent: system.slice

    Fine
    ----
        services:
          app:
            image: app:1
            deploy:
              resources:
                limits:
                  memory: 256m

    Instead
    -------
    Set limits for the service. A slice of its own that an administrator has made for such containers is fine.

    See
    ---
    CIS Docker Benchmark 5.25
    """
    for service in model.services.values():
        parent = known_item(service, "cgroup_parent") if "cgroup_parent" in service.raw.index else None
        if parent is not None and parent.value not in {"", "docker"}:
            yield fault(
                model,
                parent.place,
                service.name,
                f"{service.name} runs in the control group {parent.value}, where the engine's limits do not hold.",
                "Take it out and set limits for the service.",
            )
