"""Services that are not sorted by name."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.order import first_out_of_order
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping


@rule(severity=Severity.OFF, area="style")
def services_order(model: ComposeModel) -> Iterator[Finding]:
    """The services are not sorted by name.

    Why
    ---
    A matter of taste: in a long file a sorted list is searched faster, and two people who add a service each meet less
    often on the same line.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
          app:
            image: app:1

    Fine
    ----
        services:
          app:
            image: app:1
          web:
            image: nginx:1.29

    Instead
    -------
    Move the service, with the comments above it.
    """
    services = model.root.get("services")
    keys = [entry.key for entry in services.entries if not entry.merged] if isinstance(services, Mapping) else []
    found = first_out_of_order(keys, lambda key: key.value)
    if found:
        key, before = found
        message = f"{key.value} stands after {before.value}, though services are sorted by name."
        yield fault(model, key.place, key.value, message, f"Move {key.value} above {before.value}.")
