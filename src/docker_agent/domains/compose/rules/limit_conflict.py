"""Limits said twice and differently."""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import as_active
from docker_agent.project.compose.casts import number, size
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping
from docker_agent.project.compose.texts import has_unset, mapping, text

_PAIRS = (
    ("cpus", "limits", "cpus", number),
    ("mem_limit", "limits", "memory", size),
    ("pids_limit", "limits", "pids", number),
    ("mem_reservation", "reservations", "memory", size),
)


@rule(severity=Severity.ERROR, area="model")
def limit_conflict(model: ComposeModel) -> Iterator[Finding]:
    """A limit of the service differs from the one under `deploy.resources`.

    Why
    ---
    `cpus`, `mem_limit`, `pids_limit` and `mem_reservation` mean the same as the keys under `deploy.resources`.
    Compose refuses the project where both are there and differ, and where the section is there without that key.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            mem_limit: 1g
            deploy:
              resources:
                limits: {memory: 512m}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            deploy:
              resources:
                limits: {memory: 512m, cpus: '0.5'}
    """
    for service in model.services.values():
        deploy = mapping(service.raw.get("deploy"))
        resources = mapping(deploy.get("resources"))
        for key, section, other, read in _PAIRS if resources else ():
            old, new = service.raw.get(key), resources.get(section)
            if old is None or not isinstance(new, Mapping) or has_unset(old) or has_unset(new.get(other)):
                continue
            said, there = read(old), read(new.get(other))
            if said and not isclose(said, there, rel_tol=1e-6):
                message = f"{service.name} has {key} {text(old)}, but deploy.resources.{section}.{other} says "
                message += f"{text(new.get(other)) or 'nothing'}."
                found = fault(model, old.place, service.name, message, "Keep only the one under deploy.resources.")
                yield as_active(model, service, found)
