"""Networks that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.unused import remove_declaration, unused
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.INFO, area="practice")
def unused_network(model: ComposeModel) -> Iterator[Finding]:
    """A network is declared and no service is attached to it.

    Why
    ---
    Compose does not create it. Often a service was meant to be in it and is now in the default network, together with
    everything that it should be kept away from.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
        networks:
          inner: {internal: true}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            networks: [inner]
        networks:
          inner: {internal: true}



    Instead
    -------
    Attach the services to it, or take the declaration out.
    """
    return unused(model, "network")


@unused_network.fix("suggest")
def remove_network(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the declaration out."""
    return remove_declaration(model, "network", finding.object)
