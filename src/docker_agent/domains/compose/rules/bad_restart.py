"""Restart policies that are none."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.nearest import nearest
from docker_agent.core.pattern import lazy
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit, set_service_value

POLICIES = ("no", "always", "unless-stopped", "on-failure")
_VALID = lazy(r"no|always|unless-stopped|on-failure(:\d+)?|")


@rule(severity=Severity.ERROR, area="conflict")
def bad_restart(model: ComposeModel) -> Iterator[Finding]:
    """A restart policy is one that the engine does not know.

    Why
    ---
    `docker compose config` lets it pass, and the engine then refuses to create the container. Only `on-failure` takes a
    number of attempts.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            restart: unless_stopped

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            restart: unless-stopped
          job:
            image: job:1
            restart: on-failure:3
          once:
            image: job:1
            restart: "no"

    Instead
    -------
    Write one of `no`, `always`, `unless-stopped`, `on-failure` and `on-failure:N`.
    """
    for service in model.services.values():
        node = known_item(service, "restart")
        if node is None or not isinstance(node.plain, str) or _VALID.fullmatch(node.value):
            continue
        near = _nearest(node.value)
        yield fault(
            model,
            node.place,
            service.name,
            f'{service.name} has the restart policy "{node.value}", which the engine does not know.',
            f"Did you mean {near}?" if near else f"Write one of {', '.join(POLICIES)}.",
        )


@bad_restart.fix("suggest")
def correct(model: ComposeModel, finding: Finding) -> list[Edit]:
    """The nearest policy that there is, nothing where none is near."""
    node = known_item(model.services[finding.object], "restart")
    near = _nearest(node.value) if node is not None else ""
    return set_service_value(model, finding.object, ("restart",), near) if near else []


def _nearest(value: str) -> str:
    word = value.partition(":")[0].strip().lower().replace("_", "-")
    return nearest(word, POLICIES)
