"""Named volumes that are not declared."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.declare import declare
from docker_agent.domains.compose.shared.references import Reference, undeclared
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.ERROR, area="model")
def undefined_volume(model: ComposeModel) -> Iterator[Finding]:
    """A service uses a volume that no file declares.

    Why
    ---
    Compose refuses the project. A folder of the host starts with `./`, `/` or `~`; anything else is the name of a
    volume.

    Flagged
    -------
        services:
          db:
            image: postgres:18
            volumes: [data:/var/lib/postgresql]

    Fine
    ----
        services:
          db:
            image: postgres:18
            volumes: [data:/var/lib/postgresql, "./conf:/conf"]
        volumes:
          data:

    Instead
    -------
    Correct the name, or declare it under `volumes:` at the top.
    """
    for service in model.services.values():
        used = _used(service)
        yield from undeclared(model, service, "volume", used, model.volumes)


@undefined_volume.fix("behaviour")
def declare_volume(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Declare it, unless it is misspelt."""
    return declare(model, "volume", finding)


def _used(service: Service) -> Iterator[Reference]:
    for mount in service.mounts:
        if mount.kind == "volume" and mount.source:
            yield Reference(mount.source, mount.place, "volumes")
