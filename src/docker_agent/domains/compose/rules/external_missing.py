"""External networks and volumes that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.unused import Kind, used_names
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.texts import has_unset
from docker_agent.project.compose.types import Resource


@rule(severity=Severity.ERROR, area="conflict")
def external_missing(model: ComposeModel) -> Iterator[Finding]:
    """A network or volume is declared as external, and the engine has none of that name.

    Why
    ---
    Compose does not create what is external: `docker compose up` ends with "declared as external, but could not be
    found". Said only by `compose check` where an engine answers, of what a service uses. (The example is read as if the
    engine had nothing but its own networks and one called `shared`.)

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            networks: [proxy]
        networks:
          proxy: {external: true}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            networks: [proxy]
        networks:
          proxy: {external: true, name: shared}

    Instead
    -------
    Create it once (`docker network create proxy`), start the stack that it belongs to, or correct the name.
    """
    if model.engine is None:
        return
    there: tuple[tuple[Kind, Mapping[str, Resource], frozenset[str]], ...] = (
        ("network", model.networks, model.engine.networks),
        ("volume", model.volumes, model.engine.volumes),
    )
    for kind, declared, names in there:
        used = used_names(model, kind) if declared else set[str]()
        for key, resource in declared.items():
            name = resource.name or key
            if not resource.external or key not in used or name in names or has_unset(model.node((f"{kind}s", key))):
                continue
            yield fault(
                model,
                resource.place,
                key,
                f"The {kind} {name} is external, and the engine has none of that name.",
                f"docker {kind} create {name}, or correct the name.",
            )
