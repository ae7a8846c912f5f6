"""Words that some readers of YAML take for true or false."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.quoting import quote
from docker_agent.domains.compose.shared.written import written_pairs
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.values import Edit

WORDS = frozenset(form for word in ("yes", "no", "on", "off") for form in (word, word.title(), word.upper()))


@rule(severity=Severity.INFO, area="practice")
def unquoted_boolean(model: ComposeModel) -> Iterator[Finding]:
    """A value is `yes`, `no`, `on` or `off` without quotes, which YAML 1.1 reads as true or false.

    Why
    ---
    Compose 2 keeps the word. PyYAML, and so podman-compose, Ansible and Compose 1, hand the container `True` or `False`
    instead, and `restart: no` becomes a policy called `False`.

    Flagged
    -------
        services:
          app:
            image: app:1
            environment:
              VERIFY_PEER: no

    Fine
    ----
        services:
          app:
            image: app:1
            restart: "no"
            environment:
              VERIFY_PEER: "no"
              DEBUG: false

    Instead
    -------
    Put the word into quotes; nothing changes for Compose.
    """
    for service in model.services.values():
        nodes = _words(service)
        if nodes:
            found = fault(
                model,
                nodes[0].place,
                service.name,
                f"{service.name} has the word {nodes[0].value} without quotes, which YAML 1.1 reads as true or false.",
                "Put it into quotes.",
            )
            others = (Evidence(source="compose", where=str(node.place), quote=node.written) for node in nodes[1:])
            yield replace(found, evidence=(*found.evidence, *others))


@unquoted_boolean.fix("safe")
def quote_words(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Put all such words of the service into quotes."""
    return [quote(node) for node in _words(model.services[finding.object])]


def _words(service: Service) -> list[Scalar]:
    restart = service.raw.get("restart")
    policy = [restart] if isinstance(restart, Scalar) and restart.value == "no" else []
    nodes = [*policy, *(node for _, node in written_pairs(service))]
    found = {node.start: node for node in nodes if node.written in WORDS and not node.style and not node.tag}
    return list(found.values())
