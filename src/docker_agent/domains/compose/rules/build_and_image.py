"""Services that are built and have an image's name."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_item
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.OFF, area="practice")
def build_and_image(model: ComposeModel) -> Iterator[Finding]:
    """A service has both `build` and `image`, and does not say which of them comes first.

    Why
    ---
    `docker compose up` pulls the image where a registry has it and builds only otherwise, so that two machines may run
    different things. As a name for what is built it is right and usual, so this rule is off until it is asked for; with
    a `pull_policy` nothing is left open.

    Flagged
    -------
        services:
          app:
            build: .
            image: registry.example.org/app:1

    Fine
    ----
        services:
          app:
            build: .
            image: registry.example.org/app:1
            pull_policy: build
          worker:
            build: ./worker

    Instead
    -------
    Set `pull_policy: build`, or keep `build` in an override file for development.
    """
    for service in model.services.values():
        image = known_item(service, "image")
        if image is not None and service.build is not None and "pull_policy" not in service.raw.index:
            yield fault(
                model,
                image.place,
                service.name,
                f"{service.name} has a build and the image {image.value}, whichever is there first.",
                "Set pull_policy: build, or take one of them out.",
            )
