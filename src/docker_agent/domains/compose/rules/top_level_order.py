"""Top-level keys in another order than usual."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.order import first_out_of_order
from docker_agent.project.compose.model import ComposeModel

ORDER = ("version", "name", "include", "services", "models", "networks", "volumes", "secrets", "configs")


@rule(severity=Severity.OFF, area="style")
def top_level_order(model: ComposeModel) -> Iterator[Finding]:
    """The top-level keys stand in another order than usual.

    Why
    ---
    A matter of taste: first what the project is called, then its services, then what they share. Keys that begin with
    `x-` may stand anywhere, since the anchors in them have to come before they are used.

    Flagged
    -------
        volumes:
          data: {}
        services:
          db:
            image: postgres:17.2
            volumes: [data:/var/lib/postgresql/data]

    Fine
    ----
        name: shop
        services:
          db:
            image: postgres:17.2
            volumes: [data:/var/lib/postgresql/data]
        volumes:
          data: {}

    Instead
    -------
    Move the section, with the comments above it.
    """
    keys = [entry.key for entry in model.root.entries if not entry.merged and entry.key.value in ORDER]
    found = first_out_of_order(keys, lambda key: ORDER.index(key.value))
    if found:
        key, before = found
        message = f"{key.value} stands after {before.value}."
        yield fault(model, key.place, key.value, message, f"Move {key.value} above {before.value}.")
