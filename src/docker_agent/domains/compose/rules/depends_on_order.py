"""Dependencies that are not sorted by name."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.order import first_out_of_order
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Scalar, Sequence


@rule(severity=Severity.OFF, area="style")
def depends_on_order(model: ComposeModel) -> Iterator[Finding]:
    """The services that a service depends on are not sorted by name.

    Why
    ---
    A matter of taste: the order says nothing, Compose starts all of them at once as far as they do not depend on each
    other.

    Flagged
    -------
        services:
          app:
            image: app:1
            depends_on: [db, cache]
          cache:
            image: redis:8
          db:
            image: postgres:17.2

    Fine
    ----
        services:
          app:
            image: app:1
            depends_on: [cache, db]
          cache:
            image: redis:8
          db:
            image: postgres:17.2

    Instead
    -------
    Sort them.
    """
    for service in model.services.values():
        node = service.raw.get("depends_on")
        keys: list[Scalar] = []
        if isinstance(node, Mapping):
            keys = [entry.key for entry in node.entries if not entry.merged]
        elif isinstance(node, Sequence):
            keys = [item for item in node.items if isinstance(item, Scalar)]
        found = first_out_of_order(keys, lambda key: key.value)
        if found:
            key, before = found
            message = f"{service.name} names {key.value} after {before.value} in depends_on."
            yield fault(model, key.place, service.name, message, f"Move {key.value} above {before.value}.")
