"""Volumes that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.unused import remove_declaration, unused
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.INFO, area="practice")
def unused_volume(model: ComposeModel) -> Iterator[Finding]:
    """A volume is declared and no service mounts it.

    Why
    ---
    Compose does not create it. Often the service that should keep its data there writes somewhere else, and the data
    goes with the container; or a volume of old data is still there and nobody sees it any more.

    Flagged
    -------
        services:
          db:
            image: postgres:17.2
        volumes:
          pgdata: {}

    Fine
    ----
        services:
          db:
            image: postgres:17.2
            volumes: [pgdata:/var/lib/postgresql/data]
        volumes:
          pgdata: {}

    Instead
    -------
    Mount it where the data belongs, or take the declaration out. The volume on the engine stays until it is removed.
    """
    return unused(model, "volume")


@unused_volume.fix("suggest")
def remove_volume(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the declaration out."""
    return remove_declaration(model, "volume", finding.object)
