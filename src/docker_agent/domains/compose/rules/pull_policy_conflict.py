"""Pull policies that do not fit the image."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault, is_known
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service


@rule(severity=Severity.INFO, area="practice")
def pull_policy_conflict(model: ComposeModel) -> Iterator[Finding]:
    """The pull policy does not fit the service's image.

    Why
    ---
    `always` asks the registry for a digest that can only be what is there already, and keeps the service down while the
    registry is. `build` without a `build` section builds nothing.

    Flagged
    -------
        services:
          app:
            image: app@sha256:6f4b5e2d1c3a49b8a7d6e5f4c3b2a1908f7e6d5c4b3a29181706f5e4d3c2b1a0
            pull_policy: always

    Fine
    ----
        services:
          app:
            image: app:1
            pull_policy: always
          worker:
            build: ./worker
            pull_policy: build

    Instead
    -------
    Leave `pull_policy` out: what is missing is pulled.
    """
    for service in model.services.values():
        node = known_item(service, "pull_policy")
        what = _conflict(service, node.value) if node is not None and is_known(service) else ""
        if node is not None and what:
            yield fault(model, node.place, service.name, f"{service.name} {what}.", "Leave pull_policy out.")


def _conflict(service: Service, policy: str) -> str:
    if policy == "always" and "@sha256:" in service.image:
        return "is pulled each time, though its digest can only be what is there already"
    if policy == "build" and service.build is None:
        return "is to be built, and has no build section"
    return ""
