"""Services whose profiles start without what they need."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import Reference, namespaces, needed
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service


@rule(severity=Severity.WARN, area="model")
def profile_dependency(model: ComposeModel) -> Iterator[Finding]:
    """A service of a profile needs another one that this profile does not start.

    Why
    ---
    `docker compose --profile NAME up` takes the services without profiles and those of that one. What they name in
    `depends_on`, `links`, `volumes_from` or `network_mode: service:` has to be among them, otherwise Compose refuses
    the whole project: "depends on undefined service". It shows only once somebody turns that profile on by itself.

    Flagged
    -------
        services:
          admin:
            image: adminer:5.3.0
            profiles: [tools]
            depends_on: [db]
          db:
            image: postgres:17.2
            profiles: [database]

    Fine
    ----
        services:
          admin:
            image: adminer:5.3.0
            profiles: [tools]
            depends_on: [db]
          db:
            image: postgres:17.2
            profiles: [database, tools]

    Instead
    -------
    Give what is needed the profile too, or no profile at all. `required: false` in `depends_on` lets the service start
    without it.

    See
    ---
    docs.docker.com, "Using profiles with Compose" · undefined_dependency, for profiles that are on
    """
    for service in model.services.values():
        optional = {each.service for each in service.depends_on if not each.required}
        references = {each.name: each for each in reversed([*needed(service), *namespaces(service)])}
        for each in references.values():
            other = model.services.get(each.name)
            if other is None or each.name in optional or model.is_active(service):
                continue
            if lacking := [name for name in service.profiles if name not in other.profiles and other.profiles]:
                yield _finding(model, service, each, lacking)


def _finding(model: ComposeModel, service: Service, needs: Reference, lacking: list[str]) -> Finding:
    names = f"profile {lacking[0]} does" if len(lacking) == 1 else f"profiles {', '.join(lacking)} do"
    message = f"{service.name} needs {needs.name} ({needs.why}), which the {names} not start."
    return fault(model, needs.place, service.name, message, f"Give {needs.name} the same profile, or none.")
