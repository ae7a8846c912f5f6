"""Services that others need and that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.references import missing_services, needed
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def undefined_dependency(model: ComposeModel) -> Iterator[Finding]:
    """A service needs another one that is not there, or that no active profile starts.

    Why
    ---
    Compose refuses the project. `depends_on`, `links` and `volumes_from` all count; `required: false` helps only
    where the other service is there and its profile is off.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            depends_on: [ap]
          app:
            image: app:1

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            depends_on: [app]
          app:
            image: app:1

    Instead
    -------
    Correct the name; give both services the same profiles, or none to the one that is needed.
    """
    for service in model.services.values():
        yield from missing_services(model, service, needed(service))
