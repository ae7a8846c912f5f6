"""Ports that some readers of YAML take for a time."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.pattern import lazy
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.quoting import quote
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar, Sequence
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit

# The numbers to the base of 60 of YAML 1.1.
_SEXAGESIMAL = lazy(r"[1-9][0-9_]*(?::[0-5]?[0-9])+")


@rule(severity=Severity.INFO, area="style")
def ports_quotes(model: ComposeModel) -> Iterator[Finding]:
    """A port without quotes is a number to the base of 60 for readers of YAML 1.1.

    Why
    ---
    `22:22` is 1342 for PyYAML and so for podman-compose, Ansible and old versions of Compose: they publish a random
    port of the host for port 1342, and nothing says so. Compose 2 reads text. Only entries whose last part is below 60
    are concerned; all others are text to everybody and not flagged.

    Flagged
    -------
        services:
          git:
            image: gitea/gitea:1.24
            ports:
              - 2222:22

    Fine
    ----
        services:
          git:
            image: gitea/gitea:1.24
            ports:
              - "2222:22"
              - 3000:3000

    Instead
    -------
    Put ports into quotes.
    """
    for service in model.services.values():
        nodes = _times(service)
        if nodes:
            found = fault(
                model,
                nodes[0].place,
                service.name,
                f"{service.name} has the port {nodes[0].value} without quotes, which YAML 1.1 reads as one number.",
                "Put it into quotes.",
            )
            others = (Evidence(source="compose", where=str(node.place), quote=node.written) for node in nodes[1:])
            yield replace(found, evidence=(*found.evidence, *others))


@ports_quotes.fix("safe")
def quote_ports(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Put all such ports of the service into quotes."""
    return [quote(node) for node in _times(model.services[finding.object])]


def _times(service: Service) -> list[Scalar]:
    node = service.raw.get("ports")
    items = node.items if isinstance(node, Sequence) else ()
    return [
        item
        for item in items
        if isinstance(item, Scalar) and not item.style and not item.tag and _SEXAGESIMAL.fullmatch(item.written)
    ]
