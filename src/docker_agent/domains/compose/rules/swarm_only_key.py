"""Keys that only a Swarm reads."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Entry, Mapping, Scalar
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit, remove_service_key

KEYS = frozenset({"placement", "update_config", "rollback_config", "endpoint_mode", "mode"})


@rule(severity=Severity.INFO, area="practice")
def swarm_only_key(model: ComposeModel) -> Iterator[Finding]:
    """A key under `deploy` has no effect, because Compose leaves it to Swarm.

    Why
    ---
    Compose reads `replicas`, `resources` and `restart_policy` of `deploy` and ignores placement, the order of updates,
    roll-backs, `mode: global` and `endpoint_mode`. Who relies on `order: start-first` has downtime all the same. Files
    with an overlay network are taken for a Swarm's own, and not flagged.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            deploy:
              update_config:
                order: start-first

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            deploy:
              replicas: 2
              resources: {limits: {memory: 128M}}

    Instead
    -------
    Take it out; for a deployment without downtime start the new version beside the old one, behind a proxy.
    """
    if any(network.driver == "overlay" for network in model.networks.values()):
        return
    for service in model.services.values():
        entries = _ignored(service)
        if entries:
            names = ", ".join(f"deploy.{entry.key.value}" for entry in entries)
            yield fault(
                model,
                entries[0].key.place,
                service.name,
                f"{service.name} has {names}, which Compose ignores.",
                "Take it out, or deploy the file to a Swarm.",
            )


@swarm_only_key.fix("suggest")
def remove_keys(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the keys out, and `deploy` with them where nothing else is in it."""
    service = model.services[finding.object]
    entries = _ignored(service)
    deploy = service.raw.get("deploy")
    if isinstance(deploy, Mapping) and len(entries) == len(deploy.entries):
        return remove_service_key(model, service.name, ("deploy",))
    return [edit for entry in entries for edit in remove_service_key(model, service.name, ("deploy", entry.key.value))]


def _ignored(service: Service) -> list[Entry]:
    deploy = service.raw.get("deploy")
    if not isinstance(deploy, Mapping):
        return []
    return [entry for entry in deploy.entries if entry.key.value in KEYS and not _is_default(entry)]


def _is_default(entry: Entry) -> bool:
    return entry.key.value == "mode" and isinstance(entry.value, Scalar) and entry.value.value == "replicated"
