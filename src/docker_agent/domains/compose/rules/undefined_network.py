"""Networks that are not declared."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.declare import declare
from docker_agent.domains.compose.shared.references import names_under, undeclared
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.ERROR, area="model")
def undefined_network(model: ComposeModel) -> Iterator[Finding]:
    """A service uses a network that no file declares.

    Why
    ---
    Compose refuses the project. Only the network `default` is there without being declared.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            networks: [fornt]
        networks:
          front:

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            networks: [front]
        networks:
          front:

    Instead
    -------
    Correct the name, or declare it under `networks:` at the top.
    """
    for service in model.services.values():
        used = names_under(service.raw.get("networks"), "networks")
        yield from undeclared(model, service, "network", used, {"default", *model.networks})


@undefined_network.fix("behaviour")
def declare_network(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Declare it, unless it is misspelt."""
    return declare(model, "network", finding)
