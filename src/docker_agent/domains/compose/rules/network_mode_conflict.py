"""Options of the network that a service without a network of its own cannot have."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.texts import texts
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit, remove_service_key

# What the engine refuses beside another container's network, and beside the host's.
REFUSED_BESIDE_ANOTHER = ("hostname", "dns", "extra_hosts", "expose", "links")
REFUSED_ON_HOST = ("links",)


@rule(severity=Severity.ERROR, area="conflict")
def network_mode_conflict(model: ComposeModel) -> Iterator[Finding]:
    """A service uses another's network and sets something that belongs to the network's owner.

    Why
    ---
    Host name, name servers, extra hosts and exposed ports are properties of the network that two containers share, and
    `links` of one of their own. `docker compose config` lets them pass, and the engine then refuses to create the
    container: "conflicting options".

    Flagged
    -------
        services:
          vpn:
            image: vpn:1
          download:
            image: download:1
            network_mode: service:vpn
            hostname: download

    Fine
    ----
        services:
          vpn:
            image: vpn:1
            hostname: download
            extra_hosts: ["nas:192.168.1.9"]
          download:
            image: download:1
            network_mode: service:vpn

    Instead
    -------
    Set it at the service whose network it is.

    See
    ---
    ports_discarded
    """
    for service in model.services.values():
        keys = _refused(service)
        if keys:
            mode = service.network_mode
            found = fault(
                model,
                service.raw.index[keys[0]].key.place,
                service.name,
                f"{service.name} has {', '.join(keys)} beside network_mode: {mode}, which the engine refuses.",
                "Set it at the service whose network it is, or take it out.",
            )
            others = (Evidence(source="compose", where=str(service.raw.index[key].key.place)) for key in keys[1:])
            yield replace(found, evidence=(*found.evidence, *others))


@network_mode_conflict.fix("suggest")
def remove_refused(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take them out."""
    keys = _refused(model.services[finding.object])
    return [edit for key in keys for edit in remove_service_key(model, finding.object, (key,))]


def _refused(service: Service) -> list[str]:
    mode = known_item(service, "network_mode")
    if mode is None:
        return []
    refused = REFUSED_ON_HOST if mode.value == "host" else ()
    refused = REFUSED_BESIDE_ANOTHER if mode.value.startswith(("service:", "container:")) else refused
    return [key for key in refused if texts(service.raw.get(key)) or (key == "extra_hosts" and service.extra_hosts)]
