"""Volumes in quotes that they do not need."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.quoting import can_be_plain, unquote
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar, Sequence
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit


@rule(severity=Severity.OFF, area="style")
def volumes_quotes(model: ComposeModel) -> Iterator[Finding]:
    """Volumes are written in quotes that change nothing.

    Why
    ---
    A matter of taste: paths and names are text without quotes too. Quotes that are needed, as around braces or spaces,
    are not flagged.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            volumes:
              - "./site:/usr/share/nginx/html"

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            volumes:
              - ./site:/usr/share/nginx/html
              - "${DATA:-./data}:/data"

    Instead
    -------
    Take the quotes off.
    """
    for service in model.services.values():
        nodes = _quoted(service)
        if nodes:
            found = fault(
                model,
                nodes[0].place,
                service.name,
                f"{service.name} has volumes in quotes that they do not need.",
                "Take the quotes off.",
            )
            others = (Evidence(source="compose", where=str(node.place), quote=node.written) for node in nodes[1:])
            yield replace(found, evidence=(*found.evidence, *others))


@volumes_quotes.fix("safe")
def unquote_volumes(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the quotes off all of the service's volumes that do not need them."""
    return [unquote(node) for node in _quoted(model.services[finding.object])]


def _quoted(service: Service) -> list[Scalar]:
    node = service.raw.get("volumes")
    items = node.items if isinstance(node, Sequence) else ()
    return [item for item in items if isinstance(item, Scalar) and item.style and can_be_plain(item)]
