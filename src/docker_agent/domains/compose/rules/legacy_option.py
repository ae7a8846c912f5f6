"""Options from the time before networks."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit, remove_service_key

INSTEAD = {
    "links": "services of one network find each other by name, and depends_on orders the start",
    "external_links": "a shared external network does the same",
    "volumes_from": "a named volume that both mount does the same",
}


@rule(severity=Severity.INFO, area="practice")
def legacy_option(model: ComposeModel) -> Iterator[Finding]:
    """A service has an option that networks and volumes have replaced.

    Why
    ---
    `links` and `external_links` come from a time when containers did not find each other by name; they tie the start
    and restart of services together. `volumes_from` takes over all mounts of another container, whatever they are.

    Flagged
    -------
        services:
          app:
            image: app:1
            depends_on: [db]
            links: [db]
          db:
            image: postgres:17.2

    Fine
    ----
        services:
          app:
            image: app:1
            depends_on: [db]
          db:
            image: postgres:17.2

    Instead
    -------
    Take it out: `depends_on` for the order, a network alias for a second name, a named volume for shared files.
    """
    for service in model.services.values():
        keys = [key for key in INSTEAD if key in service.raw.index]
        if keys and is_known(service):
            place = service.raw.index[keys[0]].key.place
            words = "; ".join(f"{key}: {INSTEAD[key]}" for key in keys)
            found = fault(model, place, service.name, f"{service.name} has {words}.", "Take it out.")
            others = (Evidence(source="compose", where=str(service.raw.index[key].key.place)) for key in keys[1:])
            yield replace(found, evidence=(*found.evidence, *others))


@legacy_option.fix("safe")
def remove_links(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take `links` out where nothing hangs on them; nothing where more than they would have to go."""
    service = model.services[finding.object]
    if service.external_links or service.volumes_from or not _is_only_order(model, service):
        return []
    return remove_service_key(model, service.name, ("links",))


def _is_only_order(model: ComposeModel, service: Service) -> bool:
    """Whether links name only services of a shared network, by their own names, that are waited for anyway."""
    waited = {dependency.service for dependency in service.depends_on}
    others = [model.services.get(link) for link in service.links]
    return not service.network_mode and all(
        other is not None and other.name in waited and _meet(service, other) for other in others
    )


def _meet(one: Service, other: Service) -> bool:
    return not other.network_mode and bool(set(one.networks or ("default",)) & set(other.networks or ("default",)))
