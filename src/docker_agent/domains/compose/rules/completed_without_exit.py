"""Services that wait for the end of one that is started again and again."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel

FOREVER = frozenset({"always", "unless-stopped"})


@rule(severity=Severity.ERROR, area="conflict")
def completed_without_exit(model: ComposeModel) -> Iterator[Finding]:
    """A service waits for the end of another that is restarted whenever it ends.

    Why
    ---
    Compose waits until the container has exited. With `restart: always` or `unless-stopped` the engine starts it again
    at once, the job runs over and over, and `docker compose up` never comes back.

    Flagged
    -------
        services:
          app:
            image: app:1
            depends_on:
              migrate: {condition: service_completed_successfully}
          migrate:
            image: app:1
            restart: always

    Fine
    ----
        services:
          app:
            image: app:1
            restart: always
            depends_on:
              migrate: {condition: service_completed_successfully}
          migrate:
            image: app:1
            restart: on-failure:3

    Instead
    -------
    Take `restart` out of the job, or write `on-failure:3`.
    """
    for service in model.services.values():
        for dependency in service.depends_on:
            other = model.services.get(dependency.service)
            if dependency.condition != "service_completed_successfully" or other is None:
                continue
            policy = other.restart or ("always" if other.restart_condition == "any" else "")
            if policy in FOREVER:
                yield fault(
                    model,
                    model.key_place(("services", service.name, "depends_on", other.name)),
                    service.name,
                    f"{service.name} waits for {other.name} to end, which is restarted whenever it ends.",
                    f"Take restart out of {other.name}, or write on-failure:3.",
                )
